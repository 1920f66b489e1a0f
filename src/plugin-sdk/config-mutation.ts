import { requireHost, requireServices } from "./ambient/host.ts";

type Write = (params: Record<string, unknown>) => Promise<unknown>;

function configOf(what: string): Record<string, Write> {
  return requireHost(what).runtime.config as unknown as Record<string, Write>;
}

/** `api.runtime.config.mutateConfigFile` of the running gateway. */
export function mutateConfigFile(params: Record<string, unknown>): Promise<unknown> {
  return (configOf("mutateConfigFile")["mutateConfigFile"] as Write)(params);
}

export function replaceConfigFile(params: Record<string, unknown>): Promise<unknown> {
  return (configOf("replaceConfigFile")["replaceConfigFile"] as Write)(params);
}

/** What stands in the file now, with the hash to hand to a write as `baseHash`. */
export async function readConfigFileSnapshotForWrite() {
  const { path, hash, source, config } = requireServices("readConfigFileSnapshotForWrite").config();
  const snapshot = {
    path,
    exists: true,
    valid: true,
    hash,
    sourceConfig: source,
    runtimeConfig: config,
    config,
  };
  return { snapshot, writeOptions: { baseHash: hash } };
}
