import { randomBytes } from "node:crypto";

/** Random text safe in URLs, of `bytes` bytes of entropy. */
export function generateSecureToken(bytes = 32): string {
  return randomBytes(bytes).toString("base64url");
}
