import { isRecord } from "./catalogue.ts";

/** `agents.defaults.models`: what users say about single models, by `provider/model`. */
export function modelTable(config: { agents?: Readonly<Record<string, unknown>> }): Record<string, unknown> {
  const defaults = config.agents?.["defaults"];
  const table = isRecord(defaults) ? defaults["models"] : undefined;
  return isRecord(table) ? table : {};
}

/** The model behind a name that users gave one. */
export function expandAlias(config: Parameters<typeof modelTable>[0], ref: string): string {
  for (const [target, row] of Object.entries(modelTable(config))) {
    if (isRecord(row) && row["alias"] === ref) return target;
  }
  return ref;
}
