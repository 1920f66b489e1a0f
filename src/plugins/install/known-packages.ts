/** Packages remembered at most; the oldest goes. An operator who answers later is asked once more. */
export const MAX_KNOWN_PACKAGES = 32;

/**
 * What of a package's dependencies was found to come from elsewhere than the registry when they were first looked at.
 * With it the next attempt shows everything at once, so that one answer agrees to all of it.
 */
export class KnownPackages {
  readonly #elsewhere = new Map<string, readonly string[]>();

  of(integrity: string): readonly string[] {
    return this.#elsewhere.get(integrity) ?? [];
  }

  note(integrity: string, elsewhere: readonly string[]): void {
    this.#elsewhere.delete(integrity);
    this.#elsewhere.set(integrity, elsewhere);
    for (const oldest of this.#elsewhere.keys()) {
      if (this.#elsewhere.size <= MAX_KNOWN_PACKAGES) break;
      this.#elsewhere.delete(oldest);
    }
  }
}
