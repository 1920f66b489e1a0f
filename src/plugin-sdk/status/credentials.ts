import { isRecord, type UnknownRecord } from "../values/records.ts";

const CREDENTIALS = ["token", "botToken", "appToken", "signingSecret", "userToken"] as const;
const STATUS_KEYS = CREDENTIALS.map((name) => `${name}Status`);
const SOURCE_KEYS = CREDENTIALS.map((name) => `${name}Source`);

/** Of an account only where its credentials come from and whether they are at hand, never their values. */
export function projectCredentialSnapshotFields(account: unknown): Record<string, string> {
  if (!isRecord(account)) return {};
  const fields = [...SOURCE_KEYS, ...STATUS_KEYS, "apiCredentialStatus", "credentialSource", "secretSource"];
  return Object.fromEntries(
    fields.flatMap((key) => (typeof account[key] === "string" ? [[key, account[key]]] : [])),
  );
}

/** `undefined` when the account tells nothing about its credentials. */
export function resolveConfiguredFromCredentialStatuses(account: unknown): boolean | undefined {
  if (!isRecord(account)) return undefined;
  const stated = STATUS_KEYS.map((key) => account[key]).filter((status) => typeof status === "string");
  return stated.length === 0 ? undefined : stated.some(isConfigured);
}

export function resolveConfiguredFromRequiredCredentialStatuses(
  account: unknown,
  requiredKeys: readonly string[],
): boolean | undefined {
  if (!isRecord(account)) return undefined;
  const record: UnknownRecord = account;
  const stated = requiredKeys.map((key) => record[key]);
  return stated.every((status) => typeof status !== "string") ? undefined : stated.every(isConfigured);
}

function isConfigured(status: unknown): boolean {
  return status === "available" || status === "configured_unavailable";
}
