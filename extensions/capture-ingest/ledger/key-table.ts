const EMPTY = 0;

/**
 * Which recent batch may hold a key: an open-addressing table of (fingerprint, batch) pairs, eight bytes a
 * slot. It may name batches that do not hold the key (another key with the same fingerprint, or a batch whose
 * transaction was undone), so every hit is confirmed against the batch's own row; it never misses one.
 */
export class KeyTable {
  #slots = new Uint32Array(2_048);
  #mask = 1_023;
  size = 0;

  add(keys: Uint8Array, offset: number, seq: number): void {
    if ((this.size + 1) * 2 > this.#mask + 1) this.#grow();
    this.#insert(fingerprint(keys, offset), seq);
    this.size++;
  }

  /** Batches that may hold the key, newest last; `undefined` when certainly none does. */
  candidates(keys: Uint8Array, offset: number): number[] | undefined {
    const print = fingerprint(keys, offset);
    let found: number[] | undefined;
    for (let slot = print & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const here = this.#slots[slot * 2];
      if (here === EMPTY) return found;
      if (here !== print) continue;
      found ??= [];
      found.push(this.#slots[slot * 2 + 1] as number);
    }
  }

  #insert(print: number, seq: number): void {
    let slot = print & this.#mask;
    while (this.#slots[slot * 2] !== EMPTY) slot = (slot + 1) & this.#mask;
    this.#slots[slot * 2] = print;
    this.#slots[slot * 2 + 1] = seq;
  }

  #grow(): void {
    const old = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] !== EMPTY) this.#insert(old[at] as number, old[at + 1] as number);
    }
  }
}

/** The key's first word; keys are digests, so it is as good a hash as any. Never {@link EMPTY}. */
function fingerprint(keys: Uint8Array, at: number): number {
  const word =
    ((keys[at] as number) << 24) |
    ((keys[at + 1] as number) << 16) |
    ((keys[at + 2] as number) << 8) |
    (keys[at + 3] as number);
  return word >>> 0 || 1;
}
