import type { ConfigRevision } from "../../store/procedures/config-revisions.ts";
import type { ConfigRecord } from "./parse-text.ts";
import { CONFIG_SCHEMA_VERSION } from "./schema-version.ts";
import type { ConfigProblem } from "./types.ts";

/** What a check found, kept with the revision so that an unchanged file is not checked again. */
interface Checked {
  schema: number;
  problems: ConfigProblem[];
}

/** Holds a configuration against the schema of the core; loads what explains problems only where there are any. */
export async function coreProblems(candidate: ConfigRecord): Promise<ConfigProblem[]> {
  if (Object.keys(candidate).length === 0) return [];
  const { isFlawless } = await import("./quick-check.ts");
  if (isFlawless(candidate)) return [];
  const { validateCore } = await import("./validate.ts");
  return validateCore(candidate);
}

/** What is kept with a revision. */
export function checkedText(problems: ConfigProblem[]): string {
  return JSON.stringify({ schema: CONFIG_SCHEMA_VERSION, problems } satisfies Checked);
}

/** What an earlier check by the same schema found. */
export function knownProblems(revision: ConfigRevision): ConfigProblem[] | undefined {
  const checked = JSON.parse(revision.checked) as Checked;
  return checked.schema === CONFIG_SCHEMA_VERSION ? checked.problems : undefined;
}
