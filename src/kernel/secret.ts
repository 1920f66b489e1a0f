import { createHash, timingSafeEqual } from "node:crypto";

/** Compares two secrets in a time that depends on neither their content nor their lengths. */
export function secretsEqual(given: string, expected: string): boolean {
  const a = createHash("sha256").update(given).digest();
  const b = createHash("sha256").update(expected).digest();
  return timingSafeEqual(a, b) && expected.length > 0;
}
