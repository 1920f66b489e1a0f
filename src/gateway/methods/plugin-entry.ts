import type { PluginRecord } from "../../plugins/types.ts";

/** A plugin as lists show it (spec 5.14). */
export function catalogEntry(record: PluginRecord) {
  return {
    id: record.id,
    name: record.name,
    ...(record.version === undefined ? {} : { version: record.version }),
    ...(record.description === undefined ? {} : { description: record.description }),
    installed: true,
    enabled: record.status !== "disabled",
    state: record.status === "loaded" ? "enabled" : record.status === "error" ? "error" : "disabled",
    status: record.status,
    reason: record.reason,
    origin: record.origin,
    ...(record.error === undefined ? {} : { error: record.error }),
  };
}
