/** Deepest nesting of arrays and objects in a stored value. */
export const MAX_VALUE_DEPTH = 64;

/**
 * Says why a value is not plain JSON, or `undefined` when it is: plain objects, arrays, strings, finite
 * numbers, booleans and null; nothing undefined inside, no class instances, no cycles, at most
 * {@link MAX_VALUE_DEPTH} levels.
 *
 * @param maxNodes more values inside than this can not fit and end the walk with `"too large"`
 */
export function whyNotPlainJson(value: unknown, maxNodes: number): string | undefined {
  let nodes = 0;
  const walk = (node: unknown, path: string, depth: number): string | undefined => {
    if (++nodes > maxNodes) return "too large";
    if (node === null || typeof node === "string" || typeof node === "boolean") return undefined;
    if (typeof node === "number") {
      return Number.isFinite(node) ? undefined : `${path} is not a finite number`;
    }
    if (typeof node !== "object")
      return `${path} is ${node === undefined ? "undefined" : `a ${typeof node}`}`;
    if (depth > MAX_VALUE_DEPTH) {
      return `${path.slice(0, 80)}… is nested deeper than ${MAX_VALUE_DEPTH} levels, or circular`;
    }
    if (Array.isArray(node)) {
      for (let index = 0; index < node.length; index++) {
        const reason = walk(node[index], `${path}[${index}]`, depth + 1);
        if (reason) return reason;
      }
      return undefined;
    }
    if (!isPlainObject(node)) return `${path} is an instance of a class`;
    for (const key of Object.keys(node)) {
      if (key === "__proto__") return `${path} has a key "__proto__"`;
      const reason = walk((node as Record<string, unknown>)[key], `${path}.${key}`, depth + 1);
      if (reason) return reason;
    }
    return undefined;
  };
  return walk(value, "value", 1);
}

/** An object literal, of this realm or another. */
function isPlainObject(node: object): boolean {
  const prototype = Object.getPrototypeOf(node);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
