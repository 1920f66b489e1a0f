import { SluiceError } from "./errors.ts";

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

export type JsonErrorCode = "JSON_INVALID" | "JSON_TOO_LARGE" | "JSON_TOO_DEEP" | "JSON_FORBIDDEN_KEY";

export interface JsonLimits {
  /** Largest text in UTF-8 bytes. Default 26,214,400 (one frame). */
  maxBytes?: number;
  /** Deepest nesting of arrays and objects. Default 64. */
  maxDepth?: number;
}

export const DEFAULT_MAX_JSON_BYTES = 26_214_400;
export const DEFAULT_MAX_JSON_DEPTH = 64;

const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);

/** True for a key that must never come from outside: it could reach an object's prototype. */
export function isForbiddenKey(key: string): boolean {
  return FORBIDDEN_KEYS.has(key);
}

/**
 * Parses JSON that came from outside. Size and depth are bounded; an own key `__proto__` is refused
 * anywhere, as is `constructor` or `prototype` holding an object.
 *
 * @throws SluiceError with a {@link JsonErrorCode}; `details` names the limit or the key's path
 */
export function parseJson(text: string, limits: JsonLimits = {}): JsonValue {
  const maxBytes = limits.maxBytes ?? DEFAULT_MAX_JSON_BYTES;
  const maxDepth = limits.maxDepth ?? DEFAULT_MAX_JSON_DEPTH;
  if (text.length > maxBytes || (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes)) {
    throw new SluiceError<JsonErrorCode>("JSON_TOO_LARGE", `JSON text is larger than ${maxBytes} bytes`, {
      details: { maxBytes },
    });
  }
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new SluiceError<JsonErrorCode>("JSON_INVALID", `not valid JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  assertSafeJson(value, maxDepth);
  return value;
}

/**
 * Checks a parsed value for depth and forbidden keys without recursion, so that a hostile value can
 * not overflow the stack.
 *
 * @throws SluiceError `JSON_TOO_DEEP` or `JSON_FORBIDDEN_KEY`
 */
export function assertSafeJson(value: unknown, maxDepth = DEFAULT_MAX_JSON_DEPTH): void {
  if (typeof value !== "object" || value === null) return;
  const stack: { node: object; depth: number }[] = [{ node: value, depth: 1 }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (top.depth > maxDepth) {
      throw new SluiceError<JsonErrorCode>("JSON_TOO_DEEP", `JSON is nested deeper than ${maxDepth} levels`, {
        details: { maxDepth },
      });
    }
    const isArray = Array.isArray(top.node);
    for (const key of Object.keys(top.node)) {
      const child = (top.node as Record<string, unknown>)[key];
      if (!isArray && isForbiddenKey(key) && (key === "__proto__" || typeof child === "object")) {
        throw new SluiceError<JsonErrorCode>("JSON_FORBIDDEN_KEY", `the key "${key}" is not allowed`, {
          details: { key },
        });
      }
      if (typeof child === "object" && child !== null) stack.push({ node: child, depth: top.depth + 1 });
    }
  }
}

/** Freezes a value and everything it holds, also below parts that were frozen before, and returns it. */
export function deepFreeze<T>(value: T): T {
  const stack: unknown[] = [value];
  const seen = new Set<object>();
  while (stack.length > 0) {
    const top = stack.pop();
    if (typeof top !== "object" || top === null || seen.has(top)) continue;
    seen.add(top);
    Object.freeze(top);
    for (const child of Object.values(top)) stack.push(child);
  }
  return value;
}
