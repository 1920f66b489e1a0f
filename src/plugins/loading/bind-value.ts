import type { PluginInstance } from "./instance.ts";

const MAX_SEARCH = 2_000;

/**
 * Gives consumers a value of a plugin whose functions run inside the plugin's instance.
 *
 * The plugin's object is neither copied nor changed: the result reads through to it, so lazily set members
 * work, and functions get the plugin's own object as `this`. Parts that hold no functions are handed out as
 * they are. `overrides` replace top-level members for the consumer only; what the functions named in `makes`
 * return is bound in the same way.
 */
export function bindValue<T>(instance: PluginInstance, value: T, options: BindOptions = {}): T {
  return new Binder(instance, options).bind(value, undefined, undefined, options.overrides) as T;
}

export interface BindOptions {
  readonly overrides?: Readonly<Record<string, unknown>>;
  readonly makes?: readonly string[];
  /** Members, at any depth, that run until something stops them; retirement does not wait for those. */
  readonly lasting?: readonly string[];
  /** Members whose results, or what these resolve with, are bound too and closed with the instance by their `dispose()`. */
  readonly owns?: readonly string[];
  /** What the host puts around calls of members, by name. */
  readonly around?: Readonly<Record<string, Around>>;
}

/** Makes a function of the host's out of one of the plugin's that it calls. */
export type Around = (call: (...args: unknown[]) => unknown) => (...args: unknown[]) => unknown;

class Binder {
  readonly #instance: PluginInstance;
  readonly #makes: readonly string[];
  readonly #lasting: readonly string[];
  readonly #owns: readonly string[];
  readonly #around: Readonly<Record<string, Around>>;
  /** Made when a part is bound: most values are never looked into, and a plugin may hand over thousands. */
  #bound: WeakMap<object, unknown> | undefined;
  #root: { readonly value: object; readonly bound: unknown } | undefined;

  constructor(instance: PluginInstance, { makes = [], lasting = [], owns = [], around = {} }: BindOptions) {
    this.#instance = instance;
    this.#makes = makes;
    this.#lasting = lasting;
    this.#owns = owns;
    this.#around = around;
  }

  bind(
    value: unknown,
    owner: object | undefined,
    key?: PropertyKey,
    overrides?: Readonly<Record<string, unknown>>,
  ): unknown {
    if (typeof value === "function") return this.#bindFunction(value, owner, key);
    if (typeof value !== "object" || value === null) return value;
    if (!overrides && !holdsFunctions(value)) return value;
    const known = this.#known(value);
    if (known) return known;
    const bound = Array.isArray(value)
      ? value.map((item) => this.bind(item, value))
      : this.#bindObject(value, overrides ?? {});
    return this.#keep(value, bound, owner === undefined);
  }

  #known(value: object): unknown {
    return this.#root?.value === value ? this.#root.bound : this.#bound?.get(value);
  }

  #keep(value: object, bound: unknown, outermost = false): unknown {
    if (outermost && !this.#root) {
      this.#root = { value, bound };
      return bound;
    }
    this.#bound ??= new WeakMap();
    this.#bound.set(value, bound);
    return bound;
  }

  #bindFunction(given: unknown, owner: object | undefined, key: PropertyKey | undefined): unknown {
    const original = given as (...args: unknown[]) => unknown;
    const known = this.#known(original);
    if (known) return known;
    const instance = this.#instance;
    const lasting = typeof key === "string" && this.#lasting.includes(key);
    const run = (...args: unknown[]) =>
      instance.run(() => Reflect.apply(original, owner, args), lasting ? "lasting" : "passing");
    const around =
      typeof key === "string" && Object.hasOwn(this.#around, key) ? this.#around[key] : undefined;
    const call = around ? around(run) : run;
    if (typeof key === "string" && this.#owns.includes(key)) {
      return this.#keep(
        original,
        (...args: unknown[]) => owned(instance, call(...args)),
        owner === undefined,
      );
    }
    const makes = this.#makes.includes(original.name);
    const bound = makes
      ? (...args: unknown[]) => new Binder(instance, {}).bind(call(...args), undefined)
      : call;
    Object.defineProperty(bound, "name", { value: original.name });
    return this.#keep(original, bound, owner === undefined);
  }

  #bindObject(value: object, overrides: Readonly<Record<string, unknown>>): object {
    const read = (key: PropertyKey) =>
      typeof key === "string" && Object.hasOwn(overrides, key)
        ? overrides[key]
        : this.bind(Reflect.get(value, key, value), value, key);
    // An empty target: the plugin's object may be frozen, which would forbid handing out bound members.
    return new Proxy(Object.create(null) as object, {
      get: (_target, key) => read(key),
      has: (_target, key) =>
        Reflect.has(value, key) || (typeof key === "string" && Object.hasOwn(overrides, key)),
      set: (_target, key, next) => Reflect.set(value, key, next, value),
      ownKeys: () => [...new Set([...Reflect.ownKeys(value), ...Object.keys(overrides)])],
      getPrototypeOf: () => Reflect.getPrototypeOf(value),
      getOwnPropertyDescriptor: (_target, key) => {
        const own = Reflect.getOwnPropertyDescriptor(value, key);
        if (!own && !(typeof key === "string" && Object.hasOwn(overrides, key))) return undefined;
        return { value: read(key), enumerable: own?.enumerable ?? true, configurable: true, writable: true };
      },
    });
  }
}

/** Binds what was made for the host, and closes it with its instance. */
function owned(instance: PluginInstance, made: unknown): unknown {
  if (made instanceof Promise) return made.then((value: unknown) => owned(instance, value));
  if (typeof made !== "object" || made === null) return made;
  const { dispose } = made as { dispose?: unknown };
  if (typeof dispose === "function") {
    instance.closeWith(() => Reflect.apply(dispose, made, []) as unknown, "dispose() of what it made");
  }
  return new Binder(instance, {}).bind(made, undefined);
}

/** Whether a function can be reached through plain members, instances' methods and arrays. Bounded. */
function holdsFunctions(value: object): boolean {
  const stack: object[] = [value];
  const seen = new Set<object>();
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (seen.size > MAX_SEARCH) return true;
    const prototype = Object.getPrototypeOf(node);
    const plain = Array.isArray(node) || prototype === Object.prototype || prototype === null;
    if (!plain) {
      if (isBuiltIn(node)) continue;
      return true;
    }
    for (const key of Reflect.ownKeys(node)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(node, key);
      // A getter may build anything when it is read; treat it as live.
      if (descriptor?.get) return true;
      const member: unknown = descriptor?.value;
      if (typeof member === "function") return true;
      if (typeof member === "object" && member !== null) stack.push(member);
    }
  }
  return false;
}

function isBuiltIn(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer ||
    value instanceof Date ||
    value instanceof RegExp ||
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Promise ||
    value instanceof Error ||
    value instanceof URL ||
    value instanceof AbortSignal
  );
}
