import { createHash, timingSafeEqual } from "node:crypto";
import type { ConfiguredKey } from "../config.ts";

export interface KeyIdentity {
  id: string;
  tenant: string;
}

interface RingEntry extends KeyIdentity {
  digest: Buffer;
}

/** SHA-256 of a key; the only form in which keys are kept. */
export function keyDigest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** The keys that are valid now. Comparing takes the same time for every key and every content. */
export class KeyRing {
  readonly #entries: RingEntry[];

  constructor(entries: readonly RingEntry[]) {
    this.#entries = [...entries];
  }

  static of(configured: readonly ConfiguredKey[], stored: readonly RingEntry[]): KeyRing {
    return new KeyRing([
      ...configured.map(({ id, tenant, key }) => ({ id, tenant, digest: keyDigest(key) })),
      ...stored,
    ]);
  }

  get size(): number {
    return this.#entries.length;
  }

  find(given: string): KeyIdentity | undefined {
    const digest = keyDigest(given);
    let found: RingEntry | undefined;
    // Every key is compared, whichever matches: no early exit to measure.
    for (const entry of this.#entries) if (timingSafeEqual(digest, entry.digest)) found ??= entry;
    return found ? { id: found.id, tenant: found.tenant } : undefined;
  }
}
