/** Limits on JSON values that plugins hand over (spec appendix C). */
export const MAX_JSON_DEPTH = 32;
export const MAX_JSON_NODES = 4_096;
export const MAX_JSON_KEYS = 512;
export const MAX_JSON_TEXT = 65_536;
export const MAX_JSON_BYTES = 262_144;

/**
 * True for null, booleans, finite numbers, strings, arrays and plain objects within the limits. Walks without
 * recursion and stops at the first excess, so that a cyclic or huge value costs little.
 */
export function isJsonValue(value: unknown): boolean {
  const stack: { node: unknown; depth: number }[] = [{ node: value, depth: 0 }];
  let nodes = 0;
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { node, depth } = top;
    if (++nodes > MAX_JSON_NODES || depth > MAX_JSON_DEPTH) return false;
    if (node === null || typeof node === "boolean") continue;
    if (typeof node === "number") {
      if (!Number.isFinite(node)) return false;
      continue;
    }
    if (typeof node === "string") {
      if (node.length > MAX_JSON_TEXT) return false;
      continue;
    }
    if (typeof node !== "object") return false;
    if (Array.isArray(node)) {
      if (node.length > MAX_JSON_NODES) return false;
      for (const item of node) stack.push({ node: item, depth: depth + 1 });
      continue;
    }
    const prototype = Object.getPrototypeOf(node);
    if (prototype !== Object.prototype && prototype !== null) return false;
    const entries = Object.entries(node);
    if (entries.length > MAX_JSON_KEYS) return false;
    for (const [, item] of entries) if (item !== undefined) stack.push({ node: item, depth: depth + 1 });
  }
  return Buffer.byteLength(JSON.stringify(value) ?? "") <= MAX_JSON_BYTES;
}
