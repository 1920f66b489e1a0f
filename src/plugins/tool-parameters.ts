import { MAX_JSON_BYTES } from "./registry/json-value.ts";

/** Schemas that were looked at; a tool is made anew for every turn, its schema is usually the same object. */
const fine = new WeakSet<object>();

/** Why a tool's `parameters` can not be sent to a model, if they can not: that must not end a turn later. */
export function parametersProblem(parameters: unknown): string | undefined {
  if (typeof parameters !== "object" || parameters === null) return "parameters is not an object";
  if (fine.has(parameters)) return undefined;
  try {
    if (JSON.stringify(parameters).length > MAX_JSON_BYTES) {
      return `parameters is longer than ${MAX_JSON_BYTES} characters`;
    }
  } catch {
    return "parameters can not be written as JSON";
  }
  fine.add(parameters);
  return undefined;
}
