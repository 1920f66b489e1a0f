import { isRecord } from "../../kernel/records.ts";
import { type Accepted, malformed, type Refused } from "./row.ts";

/** Small checks that `read` functions of the kinds table are made of. */

/** A trimmed non-empty string, else `undefined`. */
export function nonEmpty(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const trimmed = value.trim();
  return trimmed === "" ? undefined : trimmed;
}

export function stringList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string" && item.trim() !== "");
}

/** The first of `names` that is not a function of `value`. */
export function missingFunction(
  value: Record<string, unknown>,
  names: readonly string[],
): string | undefined {
  return names.find((name) => typeof value[name] !== "function");
}

/** The first of `names` that is present but not a function. */
export function notFunction(value: Record<string, unknown>, names: readonly string[]): string | undefined {
  return names.find((name) => value[name] !== undefined && typeof value[name] !== "function");
}

export interface IdentifiedRules {
  /** What it is called in messages. */
  noun: string;
  functions?: readonly string[];
  optionalFunctions?: readonly string[];
  /** Members that must be present besides the id; functions are checked as such. */
  present?: readonly string[];
  /** Members that must be non-empty texts. */
  texts?: readonly string[];
  /** Provider ids are looked up without regard to case. */
  caseInsensitive?: boolean;
  idField?: string;
}

/** Reads an object whose key is its id. */
export function readIdentified(value: unknown, rules: IdentifiedRules): Accepted | Refused {
  if (!isRecord(value)) return malformed(`${rules.noun}: expected an object`);
  const field = rules.idField ?? "id";
  const id = nonEmpty(value[field]);
  if (!id) return malformed(`${rules.noun}: "${field}" must be a non-empty string`);
  const missing = missingFunction(value, rules.functions ?? []);
  if (missing) return malformed(`${rules.noun} "${id}": "${missing}" must be a function`);
  const wrong = notFunction(value, rules.optionalFunctions ?? []);
  if (wrong) return malformed(`${rules.noun} "${id}": "${wrong}" must be a function when given`);
  const absent = (rules.present ?? []).find((name) => value[name] === undefined);
  if (absent) return malformed(`${rules.noun} "${id}": "${absent}" is required`);
  const empty = (rules.texts ?? []).find((name) => nonEmpty(value[name]) === undefined);
  if (empty) return malformed(`${rules.noun} "${id}": "${empty}" must be a non-empty string`);
  const keys = [rules.caseInsensitive ? id.toLowerCase() : id];
  // Everybody who asks for it by name does so without the spaces around it.
  return value[field] === id ? { keys, value } : { keys, value, overrides: { [field]: id } };
}

export function isRefused(result: Accepted | Refused): result is Refused {
  return "refused" in result;
}
