import { KEY_BYTES } from "../contract/dedupe-key.ts";

/** Pages a run may have at most; a page's row id is its run's id times this, plus its number. */
export const MAX_PAGES = 2 ** 26;

export function pageId(run: number, page: number): number {
  return run * MAX_PAGES + page;
}

/** Page of a run with 2^bits pages that holds a key: its first bits. */
export function pageOf(keys: Uint8Array, offset: number, bits: number): number {
  const word =
    (((keys[offset] as number) << 24) |
      ((keys[offset + 1] as number) << 16) |
      ((keys[offset + 2] as number) << 8) |
      (keys[offset + 3] as number)) >>>
    0;
  return Math.floor(word / 2 ** (32 - bits));
}

/** Deals packed keys into the pages of a run, from page `first` on. */
export function dealIntoPages(
  keys: readonly Uint8Array[],
  bits: number,
  first: number,
  count: number,
): Uint8Array[] {
  const sizes = new Uint32Array(count);
  for (const packed of keys)
    for (let at = 0; at < packed.length; at += KEY_BYTES) {
      const page = pageOf(packed, at, bits) - first;
      sizes[page] = (sizes[page] as number) + KEY_BYTES;
    }
  const pages = Array.from(sizes, (size) => new Uint8Array(size));
  sizes.fill(0);
  for (const packed of keys)
    for (let at = 0; at < packed.length; at += KEY_BYTES) {
      const page = pageOf(packed, at, bits) - first;
      (pages[page] as Uint8Array).set(packed.subarray(at, at + KEY_BYTES), sizes[page]);
      sizes[page] = (sizes[page] as number) + KEY_BYTES;
    }
  return pages;
}
