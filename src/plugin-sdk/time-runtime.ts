/** `2026-01-02 15:04 UTC` in the given zone or the host's; `undefined` for what is no time or no zone. */
export function formatZonedTimestamp(
  date: Date,
  options: { timeZone?: string; displaySeconds?: boolean } = {},
): string | undefined {
  if (!Number.isFinite(date.getTime())) return undefined;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      ...(options.displaySeconds ? { second: "2-digit" as const } : {}),
      hourCycle: "h23",
      timeZoneName: "short",
      ...(options.timeZone ? { timeZone: options.timeZone } : {}),
    });
    const parts = new Map(format.formatToParts(date).map(({ type, value }) => [type, value]));
    const time = [parts.get("hour"), parts.get("minute"), parts.get("second")].filter(Boolean).join(":");
    return `${parts.get("year")}-${parts.get("month")}-${parts.get("day")} ${time} ${parts.get("timeZoneName")}`;
  } catch {
    return undefined;
  }
}
