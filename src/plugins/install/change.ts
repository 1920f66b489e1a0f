import { policyId } from "../discovery/candidate.ts";
import type { InstallRecord, PluginChange } from "./types.ts";

/** How people call what was installed. */
export function titleOf({ pluginId, version }: InstallRecord): string {
  return version ? `${pluginId} ${version}` : pluginId;
}

/** Whether the ids hold this one, however it is written. */
export function named(ids: readonly string[], id: string): boolean {
  return ids.some((one) => policyId(one) === policyId(id));
}

/** Nothing had to be done. */
export function unchanged(record: InstallRecord, message: string): PluginChange {
  return {
    pluginId: record.pluginId,
    pluginIds: record.pluginIds,
    changed: false,
    message,
    warnings: [],
    record,
    configPaths: [],
  };
}
