import { isSecretKey } from "../../kernel/redaction.ts";

/** Objects whose texts may all be secrets, whatever their keys: request headers and environments. */
const SECRET_SECTIONS = new Set(["headers", "env"]);
/** Whoever knows the address of an incoming webhook may post there. */
const SECRET_ADDRESS = /webhook[-_]?ur[il]s?$/i;
const PLACEHOLDER = /^\$\{[A-Z_][A-Z0-9_]*\}$/;
/** `scheme://user:password@host` */
const ADDRESS_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]*?:([^/?#@\s]+)@/i;
const ADDRESS_PARAMETER = /[?&]([^=&#]+)=([^&#]+)/g;
/** A text of a header or an environment that looks made up; a host, a path or a word does not. */
const MADE_UP = /^(?=.*[a-z])(?=.*\d)(?!\/)[\w+/=.~-]{16,}$/i;

/** Whether everything below a key counts as secret. */
export function isSecretSection(key: string): boolean {
  return SECRET_SECTIONS.has(key);
}

/**
 * Whether a text of the configuration is a secret by where it stands or what it is.
 *
 * @param inSection it stands somewhere below a key of {@link isSecretSection}
 */
export function isSecretText(value: string, key: string, inSection: boolean): boolean {
  if (value === "" || PLACEHOLDER.test(value)) return false;
  return isSecretKey(key) || inSection || SECRET_ADDRESS.test(key) || secretsOfAddress(value).length > 0;
}

/** The parts of a secret text that must not appear in logs; of an address only what gives access. */
export function secretParts(value: string, key: string, inSection: boolean): readonly string[] {
  if (!isSecretText(value, key, inSection)) return [];
  if (isSecretKey(key) || SECRET_ADDRESS.test(key)) return [value];
  const inAddress = secretsOfAddress(value);
  if (inAddress.length > 0) return inAddress;
  return MADE_UP.test(value) ? [value] : [];
}

function secretsOfAddress(text: string): string[] {
  if (!text.includes("://")) return [];
  const found: string[] = [];
  const password = ADDRESS_PASSWORD.exec(text)?.[1];
  if (password && !PLACEHOLDER.test(password)) found.push(password);
  for (const [, name = "", value = ""] of text.matchAll(ADDRESS_PARAMETER)) {
    if ((isSecretKey(name) || /^(?:key|sig|signature)$/i.test(name)) && !PLACEHOLDER.test(value))
      found.push(value);
  }
  return found;
}
