import type { ChannelService } from "../channels/types.ts";

/** The channel part of the health summary (spec 5.2). */
export function channelHealth(channels: ChannelService) {
  const rows = channels.status();
  const labels: Record<string, string> = {};
  const states: Record<string, Record<string, unknown>> = {};
  for (const row of rows) {
    labels[row.id] = row.label;
    const accounts = Object.fromEntries(row.accounts.map((account) => [account.accountId, { ...account }]));
    states[row.id] = { ...accounts[row.defaultAccountId], accounts };
  }
  return { order: rows.map((row) => row.id), labels, states };
}

/** One line per channel account, for people. */
export function channelSummary(channels: ChannelService): string[] {
  return channels
    .status()
    .flatMap((row) =>
      row.accounts.map(
        (account) =>
          `${row.label} (${account.accountId}): ${account.lifecycle ?? (account.running ? "running" : "stopped")}` +
          (account.lastError ? `, ${account.lastError}` : ""),
      ),
    );
}
