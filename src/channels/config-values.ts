/** Reads values out of configuration that plugins and people wrote, without trusting its shape. */

export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export function asRecordList(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(asRecord) : [];
}

export function asText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : undefined;
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function asBoolean(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

/** A list of ids, numbers included. */
export function asIdList(value: unknown): string[] {
  return Array.isArray(value) ? value.map(asText).filter((id): id is string => id !== undefined) : [];
}

/** The settings of one account: root values of the channel under what the account itself states. */
export function channelAccountConfig(
  cfg: Readonly<Record<string, unknown>>,
  channel: string,
  accountId: string | null | undefined,
): Record<string, unknown> {
  const { accounts, ...root } = asRecord(asRecord(cfg["channels"])[channel]);
  const own = accountId ? asRecord(asRecord(accounts)[accountId]) : {};
  return { ...root, ...own };
}
