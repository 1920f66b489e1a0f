import { KEY_BYTES } from "../contract/dedupe-key.ts";

const BLOCK_BYTES = 64;
const PROBES = 7;
/** Filter bits per key: about one false alarm in 600. */
const BITS_PER_KEY = 16;

/**
 * A blocked Bloom filter over dedupe keys: one cache line per question, two bytes per key, no false
 * negatives. Keys are digests, so their own bits serve as hash functions.
 */
export class KeyFilter {
  readonly bytes: Uint8Array;
  readonly #blocks: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#blocks = bytes.length / BLOCK_BYTES;
  }

  static sized(keys: number): KeyFilter {
    const blocks = Math.max(1, Math.ceil((keys * BITS_PER_KEY) / (BLOCK_BYTES * 8)));
    return new KeyFilter(new Uint8Array(blocks * BLOCK_BYTES));
  }

  /** Adds the key at `offset` of packed `keys`. */
  add(keys: Uint8Array, offset: number): void {
    const block = this.#block(keys, offset);
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = probeBit(keys, offset, probe);
      const at = block + (bit >>> 3);
      this.bytes[at] = (this.bytes[at] as number) | (1 << (bit & 7));
    }
  }

  /** False when the key was certainly never added. */
  mayHold(keys: Uint8Array, offset: number): boolean {
    const block = this.#block(keys, offset);
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = probeBit(keys, offset, probe);
      if (((this.bytes[block + (bit >>> 3)] as number) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }

  #block(keys: Uint8Array, offset: number): number {
    const word =
      ((keys[offset + 4] as number) << 24) |
      ((keys[offset + 5] as number) << 16) |
      ((keys[offset + 6] as number) << 8) |
      (keys[offset + 7] as number);
    return Math.floor(((word >>> 0) * this.#blocks) / 2 ** 32) * BLOCK_BYTES;
  }
}

/** Nine bits of the key's last nine bytes, different ones for each probe. */
function probeBit(keys: Uint8Array, offset: number, probe: number): number {
  const at = offset + KEY_BYTES - 9 + probe;
  return (((keys[at] as number) << 1) | ((keys[at + 1] as number) >>> 7)) & 511;
}
