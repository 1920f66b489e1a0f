/** Comparing where messages go. */

export interface ChannelRouteTarget {
  channel?: string | null;
  to?: string | null;
  accountId?: string | null;
  threadId?: string | number | null;
}

/** A thread id as text; `undefined` for none. */
export function stringifyRouteThreadId(threadId: unknown): string | undefined {
  if (typeof threadId === "number")
    return Number.isFinite(threadId) ? String(Math.trunc(threadId)) : undefined;
  return typeof threadId === "string" ? threadId.trim() || undefined : undefined;
}

/** The same channel, recipient, account and thread, all of them stated the same way. */
export function channelRouteTargetsMatchExact(params: {
  left?: ChannelRouteTarget | null;
  right?: ChannelRouteTarget | null;
}): boolean {
  const [left, right] = [params.left, params.right].map(keyOf);
  return left !== undefined && left === right;
}

function keyOf(target: ChannelRouteTarget | null | undefined): string | undefined {
  const channel = target?.channel?.trim().toLowerCase();
  const to = target?.to?.trim();
  if (!channel || !to) return undefined;
  return JSON.stringify([
    channel,
    to,
    target?.accountId?.trim().toLowerCase() ?? "",
    stringifyRouteThreadId(target?.threadId) ?? "",
  ]);
}
