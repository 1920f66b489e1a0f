import { isForbiddenKey } from "../../kernel/safe-json.ts";
import { isPlain, type Plain } from "../manifest/fields.ts";

/** Nesting at which defaults stop; a schema that refers to itself ends here. */
const MAX_DEPTH = 32;

/** Nesting at which a schema is left as it is. */
const MAX_SCHEMA_NESTING = 64;

/** Keywords that hold values, not schemas. */
const UNTOUCHED: ReadonlySet<string> = new Set(["default", "const", "enum", "examples"]);

/** Parts of a schema that are followed; one that branches into itself would be followed for ever. */
export const MAX_DEFAULT_STEPS = 20_000;

/**
 * A copy of `value` with the `default`s of a JSON Schema filled in (spec 2.8). Follows `properties`, `items`,
 * `allOf` and local `$ref`s; an object that only defaults would fill is not invented.
 *
 * @throws RangeError when the schema branches without end
 */
export function withSchemaDefaults(schema: unknown, value: unknown): unknown {
  return fill(schema, value, { schema, filling: [], steps: 0 }, 0);
}

/**
 * The schema in which a property with a default may be left out. Published schemas describe settings after
 * their defaults were filled in, at any depth; people write them before.
 *
 * @throws RangeError when the schema has too many parts
 */
export function withDefaultsOptional(schema: object): object {
  const steps = { left: MAX_DEFAULT_STEPS, root: schema };
  return relaxed(schema, steps, 0) as object;
}

function relaxed(part: unknown, steps: { left: number; root: object }, depth: number): unknown {
  if (typeof part !== "object" || part === null || depth > MAX_SCHEMA_NESTING) return part;
  if (steps.left-- === 0) throw new RangeError(`it has more than ${MAX_DEFAULT_STEPS} parts`);
  if (Array.isArray(part)) return part.map((item) => relaxed(item, steps, depth + 1));
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(part)) {
    if (!isForbiddenKey(key)) copy[key] = UNTOUCHED.has(key) ? value : relaxed(value, steps, depth + 1);
  }
  const { properties, required } = copy;
  if (isPlain(properties) && Array.isArray(required)) {
    copy["required"] = required.filter((name) => {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return !isPlain(property) || defaultOf(referred(property, steps.root)) === undefined;
    });
  }
  return copy;
}

interface Root {
  readonly schema: unknown;
  /** Parts whose default is being filled. */
  readonly filling: Plain[];
  steps: number;
}

function fill(schema: unknown, value: unknown, root: Root, depth: number): unknown {
  if (depth > MAX_DEPTH || !isPlain(schema)) return value;
  if (++root.steps > MAX_DEFAULT_STEPS) {
    throw new RangeError(`it has more than ${MAX_DEFAULT_STEPS} parts, or refers to itself without end`);
  }
  const chain = referred(schema, root.schema);
  const resolved = chain.at(-1) ?? schema;
  if (value === undefined) {
    const given = structuredClone(defaultOf(chain));
    // What is inside of a default has defaults as well, but for a schema that is its own part there is no end to it.
    if (given === undefined || root.filling.includes(resolved)) return given;
    root.filling.push(resolved);
    const whole = fill(schema, given, root, depth + 1);
    root.filling.pop();
    return whole;
  }
  let filled: unknown = value;
  if (isPlain(filled) && isPlain(resolved["properties"])) {
    const copy: Record<string, unknown> = { ...filled };
    for (const [name, property] of Object.entries(resolved["properties"])) {
      if (isForbiddenKey(name)) continue;
      const next = fill(property, copy[name], root, depth + 1);
      if (next !== undefined) copy[name] = next;
    }
    filled = copy;
  }
  if (Array.isArray(filled) && isPlain(resolved["items"])) {
    filled = filled.map((item) => fill(resolved["items"], item, root, depth + 1));
  }
  if (Array.isArray(resolved["allOf"])) {
    for (const part of resolved["allOf"]) filled = fill(part, filled, root, depth + 1);
  }
  return filled;
}

/** The schema and what it refers to, one after the other; the last one holds the keywords. */
function referred(schema: Plain, root: unknown): readonly Plain[] {
  const chain: Plain[] = [schema];
  for (let current = schema; chain.length <= MAX_DEPTH; chain.push(current)) {
    const reference = current["$ref"];
    if (typeof reference !== "string" || !reference.startsWith("#")) break;
    const target = lookUp(root, reference);
    if (!isPlain(target)) break;
    current = target;
  }
  return chain;
}

/** The nearest one: a default beside a reference is more special than the one it refers to. */
function defaultOf(chain: readonly Plain[]): unknown {
  return chain.find((part) => part["default"] !== undefined)?.["default"];
}

function lookUp(root: unknown, reference: string): unknown {
  let current: unknown = root;
  for (const part of reference.slice(1).split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (!isPlain(current) || isForbiddenKey(key)) return undefined;
    current = current[key];
  }
  return current;
}
