import { isRecord, readPath } from "./values/records.ts";

interface Key {
  channelId: string;
  accountId?: string | null;
  capability: string;
}

type Call = (params: object) => unknown;

function method(channelRuntime: unknown, name: string): Call | undefined {
  const contexts = readPath(channelRuntime, ["runtimeContexts"]);
  const value = isRecord(contexts) ? contexts[name] : undefined;
  return typeof value === "function" ? (value as Call).bind(contexts) : undefined;
}

/** Leaves something live of a running account, such as its client, where other parts of the channel find it. */
export function registerChannelRuntimeContext(
  params: Key & { channelRuntime?: unknown; context: unknown; abortSignal?: AbortSignal },
): { dispose(): void } | null {
  const { channelRuntime, ...registration } = params;
  const register = method(channelRuntime, "register");
  return register ? (register(registration) as { dispose(): void }) : null;
}

export function getChannelRuntimeContext<Context = unknown>(
  params: Key & { channelRuntime?: unknown },
): Context | undefined {
  const { channelRuntime, ...key } = params;
  return method(channelRuntime, "get")?.(key) as Context | undefined;
}

export function watchChannelRuntimeContexts(
  params: Partial<Key> & { channelRuntime?: unknown; onEvent(event: unknown): void },
): (() => void) | null {
  const { channelRuntime, ...watch } = params;
  const start = method(channelRuntime, "watch");
  return start ? (start(watch) as () => void) : null;
}
