import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { KeyedStore } from "../../contracts/runtime.ts";
import { currentHost, requireServices } from "../ambient/host.ts";
import { pruneMapToMaxSize } from "./collections.ts";
import { resolvePersistentDedupePluginStateNamespace } from "./persistent-dedupe.ts";
import { isRecord } from "./records.ts";

/** Events that must be handled once, across restarts, each claimed by one handler at a time. */

export interface PersistentDedupeOptions {
  pluginId: string;
  namespacePrefix: string;
  ttlMs: number;
  /** Keys remembered without asking the store; 0 for none. */
  memoryMaxSize: number;
  stateMaxEntries: number;
  env?: object;
  onDiskError?(error: unknown): void;
}

export interface SeenRow {
  key: string;
  /** Milliseconds since 1970. */
  seenAt: number;
}

export interface ClaimHandle {
  keys: readonly string[];
  /** It was handled: it is a duplicate from now on. False when the claim had been given back. */
  commit(): Promise<boolean>;
  /** It was not handled; whoever waits for it hears the error and may try. */
  release(given?: { error?: unknown }): void;
}

export type ReplayClaim =
  | { kind: "claimed"; handle: ClaimHandle }
  | { kind: "duplicate" }
  /** Another handler works on it. Resolves with whether it was handled; rejects with why it was given back. */
  | { kind: "inflight"; pending: Promise<boolean> }
  /** Without a key nothing can be told apart; the event is the caller's to handle. */
  | { kind: "invalid" };

interface CallOptions {
  namespace?: string;
  onDiskError?(error: unknown): void;
}

const GLOBAL = "global";

/** Any key as one of the store's. */
function storeKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

function openStore(options: PersistentDedupeOptions, namespace: string): KeyedStore<SeenRow> | undefined {
  return currentHost()?.services?.keyedStore<SeenRow>(options.pluginId, {
    namespace: resolvePersistentDedupePluginStateNamespace({
      namespace,
      namespacePrefix: options.namespacePrefix,
    }),
    maxEntries: options.stateMaxEntries,
    defaultTtlMs: options.ttlMs,
  });
}

/** A guard against handling the platform's repeated deliveries twice. A failing store costs only the memory over restarts. */
export function createChannelReplayGuard<Event>(params: {
  dedupe: PersistentDedupeOptions;
  buildReplayKey(event: Event): string | readonly string[] | null | undefined;
  namespace?(event: Event): string;
}) {
  return new ReplayGuard<Event>(params);
}

class ReplayGuard<Event> {
  readonly #options: PersistentDedupeOptions;
  readonly #keysOf: (event: Event) => string | readonly string[] | null | undefined;
  readonly #namespaceOf: ((event: Event) => string) | undefined;
  readonly #seen = new Map<string, number>();
  readonly #inFlight = new Map<string, Promise<boolean>>();

  constructor(params: {
    dedupe: PersistentDedupeOptions;
    buildReplayKey(event: Event): string | readonly string[] | null | undefined;
    namespace?(event: Event): string;
  }) {
    this.#options = params.dedupe;
    this.#keysOf = params.buildReplayKey;
    this.#namespaceOf = params.namespace;
  }

  claim = async (event: Event, options: CallOptions = {}): Promise<ReplayClaim> => {
    const { keys, namespace } = this.#read(event, options);
    if (keys.length === 0) return { kind: "invalid" };
    const ids = keys.map((key) => idOf(namespace, key));
    const waiting = ids.map((id) => this.#inFlight.get(id)).find((pending) => pending !== undefined);
    if (waiting) return { kind: "inflight", pending: waiting };
    let settle: (handled: boolean) => void = () => {};
    let fail: (error: unknown) => void = () => {};
    const pending = new Promise<boolean>((resolve, reject) => {
      settle = resolve;
      fail = reject;
    });
    // Nobody may be waiting for it.
    pending.catch(() => {});
    // Before the store is asked, so that a second claim of the same event finds this one.
    for (const id of ids) this.#inFlight.set(id, pending);
    let open = true;
    const close = (act: () => void): boolean => {
      if (!open) return false;
      open = false;
      for (const id of ids) if (this.#inFlight.get(id) === pending) this.#inFlight.delete(id);
      act();
      return true;
    };
    for (const key of keys) {
      if (!(await this.#has(key, namespace, options))) continue;
      close(() => settle(true));
      return { kind: "duplicate" };
    }
    const commit = async () => {
      if (!open) return false;
      const at = Date.now();
      for (const key of keys) await this.#record({ key, seenAt: at }, namespace, options);
      return close(() => settle(true));
    };
    const release = (given: { error?: unknown } = {}) =>
      void close(() => (given.error === undefined ? settle(false) : fail(given.error)));
    return { kind: "claimed", handle: { keys, commit, release } };
  };

  /** Whether it was handled, without claiming it. */
  hasRecent = async (event: Event, options: CallOptions = {}): Promise<boolean> => {
    const { keys, namespace } = this.#read(event, options);
    for (const key of keys) if (await this.#has(key, namespace, options)) return true;
    return false;
  };

  /** It may be handled again. */
  forget = async (event: Event, options: CallOptions = {}): Promise<boolean> => {
    const { keys, namespace } = this.#read(event, options);
    let found = false;
    for (const key of keys) {
      found = this.#seen.delete(idOf(namespace, key)) || found;
      const stored = await this.#ask(namespace, options, (store) => store.delete(storeKey(key)));
      found = stored === true || found;
    }
    return found;
  };

  /** Reads what is stored into memory; gives how many events. */
  warmup = async (namespace: string = GLOBAL, onDiskError?: (error: unknown) => void): Promise<number> => {
    const options = onDiskError ? { onDiskError } : {};
    const rows = (await this.#ask(namespace, options, (store) => store.entries())) ?? [];
    for (const { value } of rows) this.#remember(idOf(namespace, value.key), value.seenAt);
    return rows.length;
  };

  /** What is stored, in no order. */
  stored = async (namespace: string = GLOBAL): Promise<SeenRow[]> =>
    ((await this.#ask(namespace, {}, (store) => store.entries())) ?? []).map(({ value }) => value);

  #read(event: Event, options: CallOptions): { keys: string[]; namespace: string } {
    const raw = this.#keysOf(event);
    const list = typeof raw === "string" ? [raw] : (raw ?? []);
    const keys = [...new Set(list.map((key) => key.trim()).filter((key) => key !== ""))];
    return { keys, namespace: options.namespace ?? this.#namespaceOf?.(event) ?? GLOBAL };
  }

  async #has(key: string, namespace: string, options: CallOptions): Promise<boolean> {
    const id = idOf(namespace, key);
    if (this.#isLive(this.#seen.get(id))) return true;
    const row = await this.#ask(namespace, options, (store) => store.lookup(storeKey(key)));
    if (!this.#isLive(row?.seenAt)) return false;
    this.#remember(id, row?.seenAt as number);
    return true;
  }

  async #record(row: SeenRow, namespace: string, options: CallOptions): Promise<void> {
    this.#remember(idOf(namespace, row.key), row.seenAt);
    await this.#ask(namespace, options, (store) => store.register(storeKey(row.key), row));
  }

  async #ask<T>(
    namespace: string,
    options: CallOptions,
    question: (store: KeyedStore<SeenRow>) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      const store = openStore(this.#options, namespace);
      return store && (await question(store));
    } catch (error) {
      (options.onDiskError ?? this.#options.onDiskError)?.(error);
      return undefined;
    }
  }

  #remember(id: string, at: number): void {
    this.#seen.delete(id);
    this.#seen.set(id, at);
    pruneMapToMaxSize(this.#seen, this.#options.memoryMaxSize);
  }

  #isLive(at: number | undefined): boolean {
    return at !== undefined && Date.now() - at < this.#options.ttlMs;
  }
}

function idOf(namespace: string, key: string): string {
  return JSON.stringify([namespace, key]);
}

/**
 * Claims until somebody has handled the event or the claim is ours: waits for whoever works on it, and tries
 * again. `shouldRetry` hears why a claim was given back, and how often that has happened.
 */
export async function runClaimableDedupeClaimLoop<Claim extends { kind: string; pending?: Promise<unknown> }>(
  attempt: () => Promise<Claim>,
  shouldRetry: (error: unknown, rejectionCount: number) => boolean = (_error, count) => count <= 1,
): Promise<Claim> {
  let rejections = 0;
  for (;;) {
    const claim = await attempt();
    if (claim.kind !== "inflight") return claim;
    try {
      await claim.pending;
    } catch (error) {
      rejections++;
      if (!shouldRetry(error, rejections)) throw error;
    }
  }
}

/** A row as the guard writes it, for importing what an older version kept elsewhere. */
export function createPersistentDedupeImportEntry(params: { key: string; seenAt: number; ttlMs: number }): {
  key: string;
  value: SeenRow;
  ttlMs: number;
} {
  return {
    key: storeKey(params.key),
    value: { key: params.key, seenAt: params.seenAt },
    ttlMs: Math.max(1, Math.floor(params.ttlMs)),
  };
}

/**
 * Takes over what an older version kept in a JSON file of keys and times. Newer rows win; the file stays for
 * the caller to put away.
 *
 * @throws when the file can not be read, or no gateway is running
 */
export async function migratePersistentDedupeLegacyJsonFile(
  params: PersistentDedupeOptions & { filePath: string; namespace: string },
): Promise<{ imported: number; skippedExpired: number; skippedExisting: number }> {
  requireServices("migratePersistentDedupeLegacyJsonFile");
  const store = openStore(params, params.namespace) as KeyedStore<SeenRow>;
  const content: unknown = JSON.parse(await readFile(params.filePath, "utf8"));
  const rows = Object.entries(isRecord(content) ? content : {}).filter(
    (row): row is [string, number] => typeof row[1] === "number" && Number.isFinite(row[1]),
  );
  const now = Date.now();
  const result = { imported: 0, skippedExpired: 0, skippedExisting: 0 };
  for (const [key, seenAt] of rows) {
    const left = Math.min(seenAt, now) + params.ttlMs - now;
    if (left <= 0) {
      result.skippedExpired++;
      continue;
    }
    const entry = createPersistentDedupeImportEntry({ key, seenAt, ttlMs: left });
    const isNew = await store.registerIfAbsent(entry.key, entry.value, { ttlMs: entry.ttlMs });
    if (isNew) result.imported++;
    else result.skippedExisting++;
  }
  return result;
}
