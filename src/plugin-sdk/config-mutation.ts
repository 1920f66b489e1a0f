import { requireHost } from "./ambient/host.ts";

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
