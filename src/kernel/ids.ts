import { randomBytes, randomUUID } from "node:crypto";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_LENGTH = 10;
const RANDOM_BYTES = 10;

/** A random UUID (version 4). */
export function newUuid(): string {
  return randomUUID();
}

/**
 * A 26-character id that sorts by creation time (a lower-case ULID): 48 bits of milliseconds,
 * 80 random bits. Ids made within one millisecond sort arbitrarily.
 */
export function newSortableId(nowMs: number): string {
  let time = "";
  let rest = Math.max(0, Math.floor(nowMs));
  for (let i = 0; i < TIME_LENGTH; i++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  const bytes = randomBytes(RANDOM_BYTES);
  let random = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      random += ALPHABET[(value >> bits) & 31];
    }
  }
  return time + random;
}

/** A secret of `bytes` random bytes in URL-safe base64, for tokens. */
export function newSecret(bytes = 32): string {
  return randomBytes(bytes).toString("base64url");
}
