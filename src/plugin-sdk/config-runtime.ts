/**
 * @deprecated The wide barrel of older plugins; the narrow subpaths are `runtime-config-snapshot`,
 * `config-mutation`, `runtime-group-policy` and `markdown-table-runtime`.
 */
import type { ChannelConfig } from "../contracts/channel.ts";
import type { SessionEntry } from "../contracts/runtime.ts";
import { requireHost, requireServices } from "./ambient/host.ts";
import { agentOfStorePath } from "./sessions/reading.ts";
import { readPath } from "./values/records.ts";

export { mutateConfigFile, replaceConfigFile } from "./config-mutation.ts";
export { resolveChannelContextVisibilityMode } from "./context-visibility-runtime.ts";
export { resolveMarkdownTableMode } from "./markdown-table-runtime.ts";
export { isDangerousNameMatchingEnabled } from "./policy/mutable-entries.ts";
export {
  createRuntimeConfigReader,
  getRuntimeConfig,
  getRuntimeConfigSnapshot,
  selectApplicableRuntimeConfig,
} from "./runtime-config-snapshot.ts";
export * from "./runtime-group-policy.ts";

type Call = (...args: unknown[]) => unknown;

function call(path: readonly string[], ...args: unknown[]): unknown {
  const name = path.join(".");
  const target = readPath(requireHost(name).runtime, path);
  if (typeof target !== "function") throw new Error(`the running gateway has no ${name}`);
  return (target as Call)(...args);
}

/** @deprecated `api.runtime.config.current()` */
export function loadConfig(): ChannelConfig {
  return call(["config", "loadConfig"]) as ChannelConfig;
}

/** @deprecated `api.runtime.config.mutateConfigFile()` */
export async function writeConfigFile(config: ChannelConfig): Promise<void> {
  await call(["config", "writeConfigFile"], config);
}

/** @deprecated `api.runtime.agent.session` */
export function loadSessionStore(storePath: string): Record<string, SessionEntry> {
  const { sessions } = requireServices("loadSessionStore");
  const agentId = agentOfStorePath(storePath);
  const rows = sessions.list(agentId === undefined ? {} : { agentId });
  return Object.fromEntries(rows.map(({ sessionKey, entry }) => [sessionKey, entry]));
}

/** @deprecated `api.runtime.agent.session` */
export function resolveSessionStoreEntry(params: { store: Record<string, unknown>; sessionKey: string }) {
  const normalizedKey = params.sessionKey.trim().toLowerCase();
  const key = Object.keys(params.store).find((candidate) => candidate.toLowerCase() === normalizedKey);
  return {
    normalizedKey,
    existing: key === undefined ? undefined : params.store[key],
    legacyKeys: [] as string[],
  };
}
