import { hash } from "node:crypto";

/** Bytes of a dedupe key: the first half of a SHA-256. */
export const KEY_BYTES = 16;

/**
 * Makes the dedupe keys of one batch (spec 5.6): SHA-256 over a length-safe encoding of tenant, source
 * type, plugin and reference, cut to {@link KEY_BYTES}. The part common to a batch is encoded once.
 */
export class DedupeKeys {
  #scratch: Buffer;
  readonly #prefix: number;

  /** `parts` are tenant, source type, plugin id, and the device id where the plugin's manifest asks for it. */
  constructor(parts: readonly string[]) {
    const encoded = Buffer.concat([Buffer.from("oc1\0"), ...parts.map(lengthPrefixed)]);
    this.#prefix = encoded.length;
    this.#scratch = Buffer.allocUnsafe(encoded.length + 4 + 2_048);
    encoded.copy(this.#scratch);
  }

  /** Writes the key of `rawRef` into `target` at `offset`. */
  write(rawRef: string, target: Uint8Array, offset: number): void {
    const bytes = Buffer.byteLength(rawRef);
    const length = this.#prefix + 4 + bytes;
    if (length > this.#scratch.length) {
      const larger = Buffer.allocUnsafe(length);
      this.#scratch.copy(larger, 0, 0, this.#prefix);
      this.#scratch = larger;
    }
    this.#scratch.writeUInt32BE(bytes, this.#prefix);
    this.#scratch.write(rawRef, this.#prefix + 4);
    const digest = hash("sha256", this.#scratch.subarray(0, length), "buffer");
    target.set(digest.subarray(0, KEY_BYTES), offset);
  }
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
