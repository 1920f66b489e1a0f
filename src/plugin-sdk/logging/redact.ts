import { createHash } from "node:crypto";
import { redactProviderResponseErrorText } from "../net/responses.ts";

const TOKEN_SHAPES =
  /\b(?:sk|pk|rk|ghp|gho|xox[abpr]|AKIA|AIza)[-_A-Za-z0-9]{12,}\b|\b\d{8,10}:[A-Za-z0-9_-]{30,}\b/g;

/** Text without what looks like a credential. */
export function redactSensitiveText(text: string): string {
  return redactProviderResponseErrorText(text).replace(TOKEN_SHAPES, (token) => `${token.slice(0, 4)}…`);
}

export const redactToolPayloadText = redactSensitiveText;

export function redactSensitiveFieldValue(key: string, value: unknown): unknown {
  return /token|secret|password|authorization|api[-_]?key|cookie/i.test(key) ? "***" : value;
}

/** A short name for an id that lets lines be matched without telling the id. */
export function redactIdentifier(value: string | undefined | null, options: { len?: number } = {}): string {
  if (!value) return "none";
  return `sha256:${createHash("sha256")
    .update(value)
    .digest("hex")
    .slice(0, options.len ?? 12)}`;
}
