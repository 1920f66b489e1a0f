const HALF = 2 ** 24;

/**
 * Turns entry numbers (1, 2, 3…) into the block ids that anchor entries in the vault: a keyed permutation
 * of 48 bits, so that ids look random, cannot be guessed from outside, and are unique without an index.
 */
export class BlockIds {
  readonly #rounds: Uint32Array;

  /** `seed`: 16 random bytes, kept with the ledger. */
  constructor(seed: Uint8Array) {
    const view = new DataView(seed.buffer, seed.byteOffset, 16);
    this.#rounds = Uint32Array.from([0, 4, 8, 12, 2, 6, 10, 1].map((at) => view.getUint32(at)));
  }

  /** `oc-` and 12 hexadecimal digits. */
  of(entry: number): string {
    let left = Math.floor(entry / HALF);
    let right = entry % HALF;
    for (const key of this.#rounds) {
      const mixed = left ^ (scramble(right, key) & (HALF - 1));
      left = right;
      right = mixed;
    }
    return `oc-${hex(left)}${hex(right)}`;
  }
}

function scramble(value: number, key: number): number {
  let mixed = Math.imul(value ^ key, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}

function hex(value: number): string {
  return value.toString(16).padStart(6, "0");
}

/** A block id on a line of its own, the way every entry ends. */
export const BLOCK_ID_LINE = /^\^(oc-[0-9a-f]{12})[ \t]*\r?$/gm;
