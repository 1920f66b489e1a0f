import { normalizeAccountId } from "../routing/session-key.ts";

/** Live things that are registered at once, over all channels, and those who watch; one more is refused. */
export const MAX_RUNTIME_CONTEXTS = 4_096;

interface ContextKey {
  channelId: string;
  accountId?: string | null;
  capability: string;
}

interface Registration extends ContextKey {
  context: unknown;
  abortSignal?: AbortSignal;
}

export interface RuntimeContextEvent {
  type: "registered" | "unregistered";
  key: { channelId: string; accountId: string; capability: string };
  context: unknown;
}

interface Watch extends Partial<ContextKey> {
  onEvent(event: RuntimeContextEvent): void;
}

interface Held {
  key: RuntimeContextEvent["key"];
  context: unknown;
}

/**
 * Where a running account leaves what is live of it, such as its client, so that actions and sending find it
 * (spec 1.12). The newest of a key counts; a registration ends with its handle or its signal.
 */
export function createRuntimeContexts() {
  const held = new Map<string, Held[]>();
  const watches = new Set<Watch>();
  let count = 0;
  const tell = (type: RuntimeContextEvent["type"], { key, context }: Held) => {
    for (const watch of [...watches]) {
      if (!isWatched(watch, key)) continue;
      try {
        watch.onEvent({ type, key: { ...key }, context });
      } catch {
        // One that watches must not end what it watches.
      }
    }
  };
  return {
    /** @throws RangeError when too much is registered */
    register(given: Registration): { dispose(): void } {
      if (given.abortSignal?.aborted) return { dispose: () => {} };
      if (count >= MAX_RUNTIME_CONTEXTS) throw new RangeError("too many runtime contexts are registered");
      const key = keyOf(given);
      const one: Held = { key, context: given.context };
      const id = JSON.stringify(key);
      held.set(id, [...(held.get(id) ?? []), one]);
      count++;
      let open = true;
      const dispose = () => {
        if (!open) return;
        open = false;
        given.abortSignal?.removeEventListener("abort", dispose);
        const rest = (held.get(id) ?? []).filter((other) => other !== one);
        if (rest.length > 0) held.set(id, rest);
        else held.delete(id);
        count--;
        tell("unregistered", one);
      };
      given.abortSignal?.addEventListener("abort", dispose, { once: true });
      tell("registered", one);
      return { dispose };
    },
    get: (given: ContextKey): unknown => held.get(JSON.stringify(keyOf(given)))?.at(-1)?.context,
    /**
     * Hears of what comes and goes from now on; gives the function that ends that.
     *
     * @throws RangeError when too many watch
     */
    watch(given: Watch): () => void {
      if (watches.size >= MAX_RUNTIME_CONTEXTS) throw new RangeError("too many watch the runtime contexts");
      const watch = { ...given };
      watches.add(watch);
      return () => void watches.delete(watch);
    },
  };
}

function keyOf({ channelId, accountId, capability }: ContextKey): RuntimeContextEvent["key"] {
  return { channelId: channelId.trim().toLowerCase(), accountId: normalizeAccountId(accountId), capability };
}

function isWatched(watch: Watch, key: RuntimeContextEvent["key"]): boolean {
  const { channelId, accountId, capability } = watch;
  return (
    (channelId === undefined || channelId.trim().toLowerCase() === key.channelId) &&
    (accountId === undefined || accountId === null || normalizeAccountId(accountId) === key.accountId) &&
    (capability === undefined || capability === key.capability)
  );
}
