import type { InstallRecord } from "../../plugins/install/index.ts";
import type { PluginRecord } from "../../plugins/types.ts";

/** A plugin as lists show it (gateway protocol, `PluginCatalogEntry`). */
export function catalogEntry(record: PluginRecord, installed: InstallRecord | undefined) {
  const { id, name, version, description, status, reason, origin, error, imported } = record;
  return {
    id,
    name,
    ...(installed?.packageName === undefined ? {} : { packageName: installed.packageName }),
    ...(version === undefined ? {} : { version }),
    ...(description === undefined ? {} : { description }),
    installed: true,
    enabled: status !== "disabled",
    state: STATES[status],
    status,
    reason,
    origin,
    ...(error === undefined ? {} : { error }),
    runtime: {
      state: status === "disabled" ? "disabled" : imported ? "active" : "unloaded",
      ...(error === undefined ? {} : { error }),
    },
    removable: installed !== undefined,
  };
}

const STATES = { loaded: "enabled", disabled: "disabled", error: "error" } as const;
