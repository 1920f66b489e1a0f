import { isRecord } from "../../kernel/records.ts";
import { isJsonValue } from "./json-value.ts";

const TYPES: ReadonlySet<unknown> = new Set([
  "null",
  "boolean",
  "object",
  "array",
  "number",
  "integer",
  "string",
]);
/** Keywords that hold one schema, a list of them, and schemas by name. */
const ONE = [
  "not",
  "if",
  "then",
  "else",
  "contains",
  "propertyNames",
  "additionalProperties",
  "additionalItems",
];
const LISTS = ["allOf", "anyOf", "oneOf", "prefixItems"];
const BY_NAME = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
const NUMBERS = [
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"],
  ...["minItems", "maxItems", "minProperties", "maxProperties"],
];

/**
 * Why something is no JSON Schema, if it is none. Compilers pass over what they do not understand, so that a
 * misspelt type would let everything in. Costs no compiler.
 */
export function jsonSchemaProblem(schema: unknown): string | undefined {
  if (!isJsonValue(schema)) return "it is not JSON within the limits";
  const stack: { node: unknown; at: string }[] = [{ node: schema, at: "" }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { node, at } = top;
    if (typeof node === "boolean") continue;
    const place = at === "" ? "it" : `"${at.slice(1)}"`;
    if (!isRecord(node)) return `${place} is neither an object nor a boolean`;
    const problem = keywordProblem(node);
    if (problem) return `${place} has ${problem}`;
    for (const key of ONE) if (node[key] !== undefined) stack.push({ node: node[key], at: `${at}/${key}` });
    for (const key of [...LISTS, "items"]) {
      const list = node[key];
      if (Array.isArray(list)) {
        for (const [index, item] of list.entries()) stack.push({ node: item, at: `${at}/${key}/${index}` });
      } else if (list !== undefined && key === "items") stack.push({ node: list, at: `${at}/items` });
    }
    for (const key of BY_NAME) {
      for (const [name, item] of Object.entries(node[key] ?? {})) {
        stack.push({ node: item, at: `${at}/${key}/${name}` });
      }
    }
  }
  return undefined;
}

function keywordProblem(schema: Record<string, unknown>): string | undefined {
  const { type, required, pattern } = schema;
  const types = Array.isArray(type) ? type : [type];
  const unknown = type === undefined ? undefined : types.find((name) => !TYPES.has(name));
  if (unknown !== undefined) return `the unknown type ${JSON.stringify(unknown)}`;
  const number = NUMBERS.find((key) => schema[key] !== undefined && typeof schema[key] !== "number");
  if (number) return `a "${number}" that is no number`;
  // Older schemas say `required: true` of a property; compilers pass over it.
  if (required !== undefined && typeof required !== "boolean" && !isTextList(required))
    return 'a "required" that is no list of names';
  const list = LISTS.find((key) => schema[key] !== undefined && !Array.isArray(schema[key]));
  if (list) return `a "${list}" that is no list`;
  const named = BY_NAME.find((key) => schema[key] !== undefined && !isRecord(schema[key]));
  if (named) return `a "${named}" that is no object`;
  if (schema["enum"] !== undefined && !Array.isArray(schema["enum"])) return 'an "enum" that is no list';
  if (pattern !== undefined && !isPattern(pattern)) return 'a "pattern" that is no regular expression';
  return undefined;
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** True for the text of a regular expression. */
export function isPattern(value: unknown): value is string {
  if (typeof value !== "string") return false;
  try {
    new RegExp(value, "u");
    return true;
  } catch {
    return isLoosePattern(value);
  }
}

/** Without the strictness of Unicode patterns, which older schemas do not keep. */
function isLoosePattern(value: string): boolean {
  try {
    new RegExp(value);
    return true;
  } catch {
    return false;
  }
}
