import { KEY_BYTES } from "../contract/dedupe-key.ts";

/** True when packed `page` holds the key at `offset` of `keys`. */
export function holdsKey(page: Uint8Array, keys: Uint8Array, offset: number): boolean {
  next: for (let at = 0; at < page.length; at += KEY_BYTES) {
    for (let index = 0; index < KEY_BYTES; index++) {
      if (page[at + index] !== keys[offset + index]) continue next;
    }
    return true;
  }
  return false;
}

/** Events without a reference leave an empty slot among their batch's keys. */
export function isEmptySlot(keys: Uint8Array, offset: number): boolean {
  for (let at = offset; at < offset + KEY_BYTES; at++) if (keys[at] !== 0) return false;
  return true;
}

/** The packed keys without the empty slots among them. */
export function withoutEmptySlots(keys: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  for (let at = 0; at < keys.length; at += KEY_BYTES)
    if (!isEmptySlot(keys, at)) kept.push(keys.subarray(at, at + KEY_BYTES));
  return Buffer.concat(kept);
}
