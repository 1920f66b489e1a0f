import { isSecretKey } from "../../kernel/redaction.ts";
import { isRecord } from "./parse-text.ts";
import { isSecretRef } from "./secret-ref.ts";

/** Stands for a stored secret in everything shown; written back, it keeps the secret (spec 5.3). */
export const REDACTED = "__OPENCLAW_REDACTED__";

/** A copy that can be shown: texts under secret keys are replaced, references and `${NAME}` stay. */
export function redactConfig(value: unknown): unknown {
  return redact(value, "");
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

/** The text with every secret of `config` replaced; for showing a file with its comments. */
export function redactText(text: string, config: unknown): string {
  const secrets = new Set<string>();
  collectSecrets(config, "", secrets);
  let redacted = text;
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    redacted = redacted.replaceAll(secret, REDACTED);
    redacted = redacted.replaceAll(JSON.stringify(secret).slice(1, -1), REDACTED);
  }
  return redacted;
}

function redact(value: unknown, key: string): unknown {
  if (typeof value === "string") return isPlainSecret(value, key) ? REDACTED : value;
  if (Array.isArray(value)) return value.map((item) => redact(item, key));
  if (!isRecord(value) || isSecretRef(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, redact(child, name)]));
}

function collectSecrets(value: unknown, key: string, secrets: Set<string>): void {
  if (typeof value === "string") {
    if (isPlainSecret(value, key)) secrets.add(value);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, child] of Object.entries(value)) {
      collectSecrets(child, Array.isArray(value) ? key : name, secrets);
    }
  }
}

function isPlainSecret(value: string, key: string): boolean {
  return value !== "" && isSecretKey(key) && !/^\$\{[A-Z_][A-Z0-9_]*\}$/.test(value);
}
