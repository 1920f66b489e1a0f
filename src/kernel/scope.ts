import { type Disposable, disposable } from "./disposable.ts";

/** Thrown by {@link Scope.dispose} when one or more owned resources failed to close. */
export class ScopeDisposeError extends AggregateError {
  readonly scopeName: string;

  constructor(scopeName: string, errors: unknown[]) {
    super(errors, `${errors.length} resource(s) of scope "${scopeName}" failed to close`);
    this.name = "ScopeDisposeError";
    this.scopeName = scopeName;
  }
}

/**
 * Why something ended, for its `AbortSignal`. Without a stack: signals live as long as anybody holds them, and
 * a stack holds on to whatever was on it.
 */
export function endReason(message: string): Error {
  const reason = new Error(message);
  reason.stack = `Error: ${message}`;
  return reason;
}

interface Owned {
  label: string;
  resource: Disposable;
}

/**
 * Owns resources and closes them in reverse order of acquisition, awaiting each.
 *
 * Scopes nest: process ⊃ gateway ⊃ plugin ⊃ account, connection or turn. `signal` aborts before the
 * first resource is closed, so that work in flight stops asking for more. A resource handed to a scope
 * that has already been disposed is closed at once; it can not leak.
 *
 * @example
 * const scope = new Scope("gateway");
 * scope.use(server, "http server");
 * scope.defer(() => clearTimeout(timer), "sweep timer");
 * await scope.dispose();
 */
export class Scope implements Disposable {
  readonly name: string;
  readonly #owned: Owned[] = [];
  readonly #abort = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Aborts when disposal begins. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get disposed(): boolean {
    return this.#closing !== undefined;
  }

  /** Labels of what is still owned, oldest first; a leak report reads as a sentence. */
  get owned(): readonly string[] {
    return this.#owned.map((entry) => entry.label);
  }

  /** Takes ownership of `resource` and returns it. */
  use<T extends Disposable>(resource: T, label = "resource"): T {
    if (this.#closing) {
      void Promise.resolve()
        .then(() => resource.dispose())
        .catch(() => {});
      return resource;
    }
    this.#owned.push({ label, resource });
    return resource;
  }

  /** Runs `release` when the scope closes. Disposing the returned handle runs it now and forgets it. */
  defer(release: () => void | Promise<void>, label = "deferred release"): Disposable {
    const handle = disposable(release);
    this.use(handle, label);
    return disposable(() => {
      this.#forget(handle);
      return handle.dispose();
    });
  }

  /** Opens a scope that closes with this one, and leaves it when closed by itself. */
  child(name: string): Scope {
    const child = new Scope(name);
    this.use(child, `scope ${name}`);
    child.#onClosed = () => this.#forget(child);
    return child;
  }

  dispose(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #onClosed: (() => void) | undefined;

  async #close(): Promise<void> {
    this.#abort.abort(endReason(`scope "${this.name}" is closing`));
    const errors: unknown[] = [];
    for (let entry = this.#owned.pop(); entry; entry = this.#owned.pop()) {
      try {
        await entry.resource.dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#onClosed?.();
    if (errors.length > 0) throw new ScopeDisposeError(this.name, errors);
  }

  #forget(resource: Disposable): void {
    const index = this.#owned.findIndex((entry) => entry.resource === resource);
    if (index >= 0) this.#owned.splice(index, 1);
  }
}
