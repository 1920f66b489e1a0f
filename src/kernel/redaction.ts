const MASK = "[redacted]";
const SECRET_KEY =
  /(token|secret|password|passphrase|api[-_]?key|authorization|cookie|private[-_]?key|credential)s?$/i;
/** Shorter values are not masked by value: they would blank out ordinary words. */
export const MIN_SECRET_LENGTH = 6;
const MAX_DEPTH = 6;

/**
 * Removes secrets from what is about to be written or sent: by value (every secret the process has
 * learned) and by key (`token`, `password`, `apiKey`…).
 */
export class Redactor {
  readonly #values = new Set<string>();
  #pattern: RegExp | undefined;

  /** Learns a secret; from now on its text is masked wherever it appears. */
  add(secret: string): void {
    if (secret.length < MIN_SECRET_LENGTH || this.#values.has(secret)) return;
    this.#values.add(secret);
    // Serialised log lines hold it escaped, addresses percent-encoded.
    this.#values.add(JSON.stringify(secret).slice(1, -1));
    this.#values.add(percentEncoded(secret));
    const longestFirst = [...this.#values].sort((a, b) => b.length - a.length);
    this.#pattern = new RegExp(longestFirst.map(escapeForRegExp).join("|"), "g");
  }

  /** Masks every known secret in a text. */
  text(text: string): string {
    return this.#pattern ? text.replace(this.#pattern, MASK) : text;
  }

  /** A copy of `value` with secret keys and known secret texts masked; too deep parts are cut. */
  value(value: unknown): unknown {
    return this.#copy(value, 0);
  }

  #copy(value: unknown, depth: number): unknown {
    if (typeof value === "string") return this.text(value);
    if (typeof value !== "object" || value === null) return value;
    if (value instanceof Error)
      return { name: value.name, message: this.text(value.message), stack: this.text(value.stack ?? "") };
    if (depth >= MAX_DEPTH) return "[deep]";
    if (Array.isArray(value)) return value.map((item) => this.#copy(item, depth + 1));
    const copy: Record<string, unknown> = {};
    for (const [key, child] of Object.entries(value)) {
      copy[key] =
        isSecretKey(key) && child !== undefined && child !== null ? MASK : this.#copy(child, depth + 1);
    }
    return copy;
  }
}

/** True for a field name that usually holds a secret. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

function percentEncoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    // Half a character has no encoding, and stands in no address.
    return text;
  }
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
