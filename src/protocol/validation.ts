import type { TSchema } from "typebox";

/** A problem of a value, as schema compilers report it. */
interface Problem {
  keyword: string;
  instancePath: string;
  params: object;
  message: string;
}

export interface CompiledSchema {
  /** True when the value fits. */
  check(value: unknown): boolean;
  /** The reasons a value is refused, ready to be shown: `at /path: <reason>; …`. Costly; for refusals only. */
  explain(value: unknown): string;
}

/** More reasons than this are cut from a message. */
export const MAX_REASONS = 8;

const compiled = new WeakMap<TSchema, CompiledSchema>();

/** Compiles a schema on its first use and remembers the result; the compiler itself is loaded then. */
export async function compileSchema(schema: TSchema): Promise<CompiledSchema> {
  const known = compiled.get(schema);
  if (known) return known;
  const { Compile } = await import("typebox/compile");
  const validator = Compile(schema);
  const result: CompiledSchema = {
    check: (value) => validator.Check(value),
    explain: (value) => describeProblems(validator.Errors(value)),
  };
  compiled.set(schema, result);
  return result;
}

/** Joins problems into the text clients have seen (spec 1.2): the path is left out at the root. */
export function describeProblems(problems: readonly Problem[]): string {
  const reasons: string[] = [];
  for (const problem of problems) {
    // Alternatives of a union and the `false` schema of a closed object repeat what another problem says.
    if (problem.keyword === "boolean") continue;
    const text = reasonOf(problem);
    reasons.push(problem.instancePath === "" ? text : `at ${problem.instancePath}: ${text}`);
    if (reasons.length === MAX_REASONS) break;
  }
  return reasons.length > 0 ? reasons.join("; ") : "must match the schema";
}

function reasonOf(problem: Problem): string {
  const params = problem.params as Record<string, unknown>;
  if (problem.keyword === "required" && Array.isArray(params["requiredProperties"])) {
    return `must have required property '${String(params["requiredProperties"][0])}'`;
  }
  if (problem.keyword === "additionalProperties" && Array.isArray(params["additionalProperties"])) {
    return `must not have additional property '${String(params["additionalProperties"][0]).slice(0, 64)}'`;
  }
  return problem.message;
}
