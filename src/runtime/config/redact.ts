import { isRecord } from "../../kernel/records.ts";
import { MIN_SECRET_LENGTH } from "../../kernel/redaction.ts";
import { isSecretSection, isSecretText } from "./secret-places.ts";
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
 * secret keys are replaced, then every further occurrence of the secrets of `config`.
 */
export function redactText(text: string, config: unknown, declared: ReadonlySet<string> = NONE): string {
  const secrets = new Set<string>(declared);
  collectSecrets(config, "", false, secrets);
  let redacted = text.replace(
    KEY_AND_TEXT,
    (match, quote: string, key: string, colon: string, value: string) =>
      isSecretText(value.slice(1, -1), key, false) ? `${quote}${key}${quote}${colon}"${REDACTED}"` : match,
  );
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    redacted = redacted.replaceAll(secret, REDACTED);
    redacted = redacted.replaceAll(JSON.stringify(secret).slice(1, -1), REDACTED);
  }
  return redacted;
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

function collectSecrets(value: unknown, key: string, inSection: boolean, secrets: Set<string>): void {
  if (typeof value === "string") {
    // Shorter ones would blank out ordinary words.
    if (value.length >= MIN_SECRET_LENGTH && isSecretText(value, key, inSection)) secrets.add(value);
  } else if (typeof value === "object" && value !== null && !isSecretRef(value)) {
    for (const [name, child] of Object.entries(value)) {
      if (Array.isArray(value)) collectSecrets(child, key, inSection, secrets);
      else collectSecrets(child, name, inSection || isSecretSection(name), secrets);
    }
  }
}
