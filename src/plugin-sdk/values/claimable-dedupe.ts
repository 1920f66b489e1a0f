import { readJsonFileWithFallback, writeJsonFileAtomically } from "../json-store.ts";
import { createDedupeCache, pruneMapToMaxSize } from "./collections.ts";
import { type FileLockOptions, withFileLock } from "./file-lock.ts";
import { isRecord } from "./records.ts";
import {
  createChannelReplayGuard,
  type PersistentDedupeOptions,
  type ReplayClaim,
  type SeenRow,
} from "./replay-guard.ts";

/** Keys that are handled once, each claimed by one handler at a time (older than replay guards). */

export interface ClaimCallOptions {
  /** Keys of different namespaces are different. Default `global`. */
  namespace?: string;
  /** Milliseconds since 1970. */
  now?: number;
  onDiskError?(error: unknown): void;
}

interface MemoryOptions {
  /** Milliseconds; 0: what was handled is never forgotten by its age. */
  ttlMs: number;
  memoryMaxSize: number;
}

interface FileOptions extends MemoryOptions {
  /** A file of keys and times for each namespace. */
  resolveFilePath(namespace: string): string;
  fileMaxEntries: number;
  lockOptions?: Partial<FileLockOptions>;
  onDiskError?(error: unknown): void;
}

/** Where it remembers: in memory only, in a file for each namespace, or in the plugin's keyed store. */
export type ClaimableDedupeOptions =
  | MemoryOptions
  | FileOptions
  | (Omit<PersistentDedupeOptions, "namespacePrefix"> & { namespacePrefix?: string });

export type ClaimableDedupeClaimResult =
  | { kind: "claimed" }
  | { kind: "duplicate" }
  /** Resolves with whether it was handled; rejects with why it was given back. */
  | { kind: "inflight"; pending: Promise<boolean> }
  | { kind: "invalid" };

export interface ClaimableDedupe {
  claim(key: string, options?: ClaimCallOptions): Promise<ClaimableDedupeClaimResult>;
  /** It was handled, claimed or not. False when that was known already. */
  commit(key: string, options?: ClaimCallOptions): Promise<boolean>;
  /** It was not handled; whoever waits for it hears why. */
  release(key: string, options?: { namespace?: string; error?: unknown }): void;
  hasRecent(key: string, options?: ClaimCallOptions): Promise<boolean>;
  /** It may be handled again. */
  forget(key: string, options?: ClaimCallOptions): Promise<boolean>;
  /** Reads what is stored into memory; gives how many keys. */
  warmup(namespace?: string, onError?: (error: unknown) => void): Promise<number>;
  clearMemory(): void;
  memorySize(): number;
}

const GLOBAL = "global";
const LOCK: FileLockOptions = {
  retries: { retries: 8, factor: 2, minTimeout: 10, maxTimeout: 250, randomize: true },
  stale: 30_000,
};

/** Times by key, over restarts. */
interface SeenStore {
  read(namespace: string): Promise<Map<string, number>>;
  has(namespace: string, key: string, now: number): Promise<boolean>;
  /** False when it is there already. */
  add(namespace: string, key: string, now: number): Promise<boolean>;
  remove(namespace: string, key: string): Promise<boolean>;
}

export function createClaimableDedupe(options: ClaimableDedupeOptions): ClaimableDedupe {
  return new Claims(options);
}

class Claims implements ClaimableDedupe {
  readonly #options: ClaimableDedupeOptions;
  readonly #memory: ReturnType<typeof createDedupeCache>;
  readonly #store: SeenStore | undefined;
  readonly #inFlight = new Map<string, Claim>();

  constructor(options: ClaimableDedupeOptions) {
    this.#options = options;
    const { ttlMs, memoryMaxSize } = options;
    this.#memory = createDedupeCache({ ttlMs, maxSize: Math.max(0, memoryMaxSize) });
    if ("resolveFilePath" in options) this.#store = new SeenFiles(options);
    else if ("pluginId" in options) this.#store = new SeenRows(options);
  }

  claim = async (key: string, options: ClaimCallOptions = {}): Promise<ClaimableDedupeClaimResult> => {
    const known = read(key, options);
    if (!known) return { kind: "invalid" };
    const working = this.#inFlight.get(known.id);
    if (working) return { kind: "inflight", pending: working.pending };
    // Before the store is asked, so that a second claim of the same key finds this one.
    const claim = new Claim();
    this.#inFlight.set(known.id, claim);
    if (!(await this.hasRecent(key, options))) return { kind: "claimed" };
    this.#end(known.id, (ended) => ended.settle(true));
    return { kind: "duplicate" };
  };

  commit = async (key: string, options: ClaimCallOptions = {}): Promise<boolean> => {
    const known = read(key, options);
    if (!known) return false;
    const { namespace, id } = known;
    const now = options.now ?? Date.now();
    const inMemory = this.#memory.check(id, now);
    const isNew = await this.#ask(options.onDiskError, (store) => store.add(namespace, known.key, now));
    this.#end(id, (claim) => claim.settle(true));
    return !inMemory && isNew !== false;
  };

  release = (key: string, options: { namespace?: string; error?: unknown } = {}): void => {
    const known = read(key, options);
    if (!known) return;
    const reason = options.error ?? new Error(`the claim of "${known.key}" was given back`);
    this.#end(known.id, (claim) => claim.fail(reason));
  };

  hasRecent = async (key: string, options: ClaimCallOptions = {}): Promise<boolean> => {
    const known = read(key, options);
    if (!known) return false;
    const now = options.now ?? Date.now();
    if (this.#memory.peek(known.id, now)) return true;
    const stored = await this.#ask(options.onDiskError, (store) =>
      store.has(known.namespace, known.key, now),
    );
    if (stored) this.#memory.check(known.id, now);
    return stored === true;
  };

  forget = async (key: string, options: ClaimCallOptions = {}): Promise<boolean> => {
    const known = read(key, options);
    if (!known) return false;
    const inMemory = this.#memory.peek(known.id, options.now);
    this.#memory.delete(known.id);
    const removed = await this.#ask(options.onDiskError, (store) => store.remove(known.namespace, known.key));
    return inMemory || removed === true;
  };

  warmup = async (namespace: string = GLOBAL, onError?: (error: unknown) => void): Promise<number> => {
    const rows = (await this.#ask(onError, (store) => store.read(namespace))) ?? new Map<string, number>();
    for (const [key, at] of rows) this.#memory.check(idOf(namespace, key), at);
    return rows.size;
  };

  clearMemory = (): void => this.#memory.clear();
  memorySize = (): number => this.#memory.size();

  #end(id: string, how: (claim: Claim) => void): void {
    const claim = this.#inFlight.get(id);
    this.#inFlight.delete(id);
    if (claim) how(claim);
  }

  /** A failing store costs only the memory over restarts. */
  async #ask<T>(
    onError: ((error: unknown) => void) | undefined,
    question: (store: SeenStore) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return this.#store && (await question(this.#store));
    } catch (error) {
      const own = "onDiskError" in this.#options ? this.#options.onDiskError : undefined;
      (onError ?? own)?.(error);
      return undefined;
    }
  }
}

class Claim {
  readonly pending: Promise<boolean>;
  settle: (handled: boolean) => void = () => {};
  fail: (error: unknown) => void = () => {};

  constructor() {
    this.pending = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.fail = reject;
    });
    // Nobody may be waiting for it.
    this.pending.catch(() => {});
  }
}

/** A file of keys and times for each namespace; the oldest go when it is full. */
class SeenFiles implements SeenStore {
  readonly #options: FileOptions;

  constructor(options: FileOptions) {
    this.#options = options;
  }

  async read(namespace: string, now = Date.now()): Promise<Map<string, number>> {
    const { value } = await readJsonFileWithFallback<unknown>(this.#options.resolveFilePath(namespace), {});
    const { ttlMs } = this.#options;
    const rows = Object.entries(isRecord(value) ? value : {}).filter(
      (row): row is [string, number] => typeof row[1] === "number" && (ttlMs <= 0 || now - row[1] < ttlMs),
    );
    return new Map(rows.sort(([, left], [, right]) => left - right));
  }

  async has(namespace: string, key: string, now: number): Promise<boolean> {
    return (await this.read(namespace, now)).has(key);
  }

  add(namespace: string, key: string, now: number): Promise<boolean> {
    return this.#edit(namespace, now, (rows) => {
      if (rows.has(key)) return false;
      rows.set(key, now);
      pruneMapToMaxSize(rows, Math.max(1, this.#options.fileMaxEntries));
      return true;
    });
  }

  remove(namespace: string, key: string): Promise<boolean> {
    return this.#edit(namespace, Date.now(), (rows) => rows.delete(key));
  }

  async #edit(
    namespace: string,
    now: number,
    edit: (rows: Map<string, number>) => boolean,
  ): Promise<boolean> {
    const path = this.#options.resolveFilePath(namespace);
    const lock = { ...LOCK, ...this.#options.lockOptions };
    return withFileLock(path, lock, async () => {
      const rows = await this.read(namespace, now);
      const changed = edit(rows);
      if (changed) await writeJsonFileAtomically(path, Object.fromEntries(rows));
      return changed;
    });
  }
}

/** The rows of a replay guard, so that both find what the other wrote. */
class SeenRows implements SeenStore {
  readonly #guard: ReturnType<typeof createChannelReplayGuard<string>>;

  constructor(options: Omit<PersistentDedupeOptions, "namespacePrefix"> & { namespacePrefix?: string }) {
    const onDiskError = (error: unknown): never => {
      throw error;
    };
    this.#guard = createChannelReplayGuard<string>({
      // This memory is the claims' own.
      dedupe: {
        ...options,
        namespacePrefix: options.namespacePrefix ?? "",
        memoryMaxSize: 0,
        onDiskError,
      },
      buildReplayKey: (key) => key,
    });
  }

  read(namespace: string): Promise<Map<string, number>> {
    return this.#guard.stored(namespace).then((rows: SeenRow[]) => {
      return new Map(rows.map(({ key, seenAt }) => [key, seenAt]));
    });
  }

  has(namespace: string, key: string): Promise<boolean> {
    return this.#guard.hasRecent(key, { namespace });
  }

  async add(namespace: string, key: string): Promise<boolean> {
    const claim: ReplayClaim = await this.#guard.claim(key, { namespace });
    return claim.kind === "claimed" && claim.handle.commit();
  }

  remove(namespace: string, key: string): Promise<boolean> {
    return this.#guard.forget(key, { namespace });
  }
}

function read(
  key: string,
  options: { namespace?: string },
): { key: string; namespace: string; id: string } | undefined {
  const trimmed = key.trim();
  if (trimmed === "") return undefined;
  const namespace = options.namespace?.trim() || GLOBAL;
  return { key: trimmed, namespace, id: idOf(namespace, trimmed) };
}

function idOf(namespace: string, key: string): string {
  return JSON.stringify([namespace, key]);
}
