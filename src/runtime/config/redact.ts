import { isRecord } from "../../kernel/records.ts";
import { MIN_SECRET_LENGTH } from "../../kernel/redaction.ts";
import { isSecretSection, isSecretText, secretParts } from "./secret-places.ts";
import { isSecretRef } from "./secret-ref.ts";

const NONE: ReadonlySet<string> = new Set();

/** Stands for a stored secret in everything shown; written back, it keeps the secret (spec 5.3). */
export const REDACTED = "__OPENCLAW_REDACTED__";

/**
 * A copy that can be shown: texts under secret keys, of headers and environments, and addresses with credentials
 * are replaced, references and `${NAME}` stay.
 *
 * @param source give it with a runtime configuration: whatever came from a reference is replaced there,
 *   under any key, and texts with `${NAME}` are shown as written
 * @param declared further texts that are secret, wherever they stand
 */
export function redactConfig(
  value: unknown,
  source?: unknown,
  declared: ReadonlySet<string> = NONE,
): unknown {
  return redact(value, "", source, { inSection: false, declared });
}

/** Puts the current secrets back where a candidate holds {@link REDACTED} at the same place. */
export function restoreRedacted(candidate: unknown, current: unknown): unknown {
  if (candidate === REDACTED) return current;
  if (Array.isArray(candidate)) {
    const old = Array.isArray(current) ? current : [];
    return candidate.map((item, index) => restoreRedacted(item, old[index]));
  }
  if (!isRecord(candidate)) return candidate;
  const old = isRecord(current) ? current : {};
  const restored: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(candidate)) {
    const value = restoreRedacted(child, Object.hasOwn(old, key) ? old[key] : undefined);
    if (value !== undefined) restored[key] = value;
  }
  return restored;
}

/** A quoted text after a key, as JSON5 writes it. */
const KEY_AND_TEXT = /(["']?)([\w$-]+)\1(\s*:\s*)("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')/g;

/**
 * A file's text that can be shown, comments and all. Works on text that does not parse, too: texts under
 * secret keys are replaced, then every further occurrence of the secrets of `config`. Values that may be
 * ordinary words are replaced where they stand as a whole text only, so that no key is lost.
 */
export function redactText(text: string, config: unknown, declared: ReadonlySet<string> = NONE): string {
  const found: FoundSecrets = { anywhere: new Set(), whole: new Set(declared) };
  collectSecrets(config, "", false, found);
  let redacted = text.replace(
    KEY_AND_TEXT,
    (match, quote: string, key: string, colon: string, value: string) =>
      isSecretText(value.slice(1, -1), key, false) ? `${quote}${key}${quote}${colon}"${REDACTED}"` : match,
  );
  redacted = redacted.replace(WHOLE_TEXT, (match, literal: string, colon: string | undefined) =>
    colon === undefined && found.whole.has(unquoted(literal)) ? JSON.stringify(REDACTED) : match,
  );
  for (const secret of [...found.anywhere].sort((a, b) => b.length - a.length)) {
    redacted = redacted.replaceAll(secret, REDACTED);
    redacted = redacted.replaceAll(JSON.stringify(secret).slice(1, -1), REDACTED);
  }
  return redacted;
}

/** A quoted text, and the colon that makes it a key. */
const WHOLE_TEXT = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')(\s*:)?/g;

function unquoted(literal: string): string {
  const inner = literal.slice(1, -1);
  try {
    return JSON.parse(
      `"${literal.startsWith("'") ? inner.replaceAll("\\'", "'").replaceAll('"', '\\"') : inner}"`,
    ) as string;
  } catch {
    return inner;
  }
}

interface FoundSecrets {
  /** Nothing else reads like them. */
  anywhere: Set<string>;
  whole: Set<string>;
}

interface Around {
  /** Somewhere below a key whose texts are all secret. */
  inSection: boolean;
  declared: ReadonlySet<string>;
}

function redact(value: unknown, key: string, source: unknown, around: Around): unknown {
  if (isSecretRef(value)) return value;
  if (isSecretRef(source)) return REDACTED;
  if (typeof value === "string") {
    if (around.declared.has(value) || isSecretText(value, key, around.inSection)) return REDACTED;
    return typeof source === "string" && source.includes("${") ? source : value;
  }
  if (Array.isArray(value)) {
    // An item without a value was left out, so places no longer match: then any reference hides all.
    const items = Array.isArray(source) ? source : [];
    if (items.length > value.length && items.some(isSecretRef)) return REDACTED;
    return value.map((item, index) => redact(item, key, items[index], around));
  }
  if (!isRecord(value)) return value;
  const below = isRecord(source) ? source : {};
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => {
      const inSection = around.inSection || isSecretSection(name);
      const from = Object.hasOwn(below, name) ? below[name] : undefined;
      return [name, redact(child, name, from, { ...around, inSection })];
    }),
  );
}

function collectSecrets(value: unknown, key: string, inSection: boolean, found: FoundSecrets): void {
  if (typeof value === "string") {
    if (!isSecretText(value, key, inSection)) return;
    found.whole.add(value);
    for (const part of secretParts(value, key, inSection)) {
      // Shorter ones would blank out ordinary words.
      if (part.length >= MIN_SECRET_LENGTH) found.anywhere.add(part);
    }
  } else if (typeof value === "object" && value !== null && !isSecretRef(value)) {
    for (const [name, child] of Object.entries(value)) {
      if (Array.isArray(value)) collectSecrets(child, key, inSection, found);
      else collectSecrets(child, name, inSection || isSecretSection(name), found);
    }
  }
}
