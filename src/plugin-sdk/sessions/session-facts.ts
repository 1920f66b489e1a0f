import type { SessionEntry } from "../../contracts/runtime.ts";
import { normalizeAccountId } from "../accounts/account-ids.ts";
import { currentHost } from "../ambient/host.ts";
import { parseThreadSessionSuffix } from "../channel-plugin/targets.ts";
import { parseAgentSessionKey } from "../routing.ts";
import { isRecord, readPath, type UnknownRecord } from "../values/records.ts";
import { normalizeOptionalString } from "../values/strings.ts";

type Row = Readonly<Record<string, unknown>> | null | undefined;

/** Where a session was last answered. */
export function deliveryContextFromSession(
  entry: Row,
): { channel?: string; to?: string; accountId?: string; threadId?: string } | undefined {
  const stated = readPath(entry, ["deliveryContext"]);
  const origin = readPath(entry, ["origin"]);
  const first = (name: string, last: string, originName = name) =>
    text(readPath(stated, [name])) ?? text(entry?.[last]) ?? text(readPath(origin, [originName]));
  const channel = first("channel", "lastChannel", "provider");
  const to = first("to", "lastTo");
  const accountId = first("accountId", "lastAccountId");
  const threadId = first("threadId", "lastThreadId");
  if (!channel && !to && !accountId && !threadId) return undefined;
  return {
    ...(channel ? { channel } : {}),
    ...(to ? { to } : {}),
    ...(accountId ? { accountId } : {}),
    ...(threadId ? { threadId } : {}),
  };
}

/** Where a session's conversation comes from. */
export function sessionDeliveryOrigin(entry: Row): UnknownRecord | undefined {
  const stored = readPath(entry, ["origin"]);
  const origin: UnknownRecord = isRecord(stored) ? { ...stored } : {};
  const put = (name: string, value: unknown) => {
    if (origin[name] === undefined && text(value)) origin[name] = text(value);
  };
  put("provider", entry?.["channel"] ?? entry?.["lastChannel"]);
  put("chatType", entry?.["chatType"]);
  put("label", entry?.["displayName"]);
  put("to", entry?.["lastTo"]);
  put("accountId", entry?.["lastAccountId"]);
  put("threadId", entry?.["lastThreadId"]);
  return Object.keys(origin).length > 0 ? origin : undefined;
}

/**
 * The session that a conversation has already been answered in. `undefined` before its first message, so that
 * a caller may fall back to the routing rules.
 */
export function getConversationSession(address: {
  channel: string;
  accountId?: string | null;
  kind: string;
  peerId: string;
  threadId?: string | null;
  agentId?: string;
  storePath?: string;
}): { sessionKey: string; entry: SessionEntry } | undefined {
  const { channel, kind, peerId, agentId } = address;
  const account = normalizeAccountId(address.accountId);
  const thread = text(address.threadId);
  const sessions = currentHost()?.services?.sessions.list(agentId === undefined ? {} : { agentId }) ?? [];
  const place = `${channel}:${kind}:${peerId}`.toLowerCase();
  return sessions.find(({ sessionKey, entry }) => {
    if (normalizeAccountId(text(entry.lastAccountId)) !== account) return false;
    const { baseSessionKey, threadId } = parseThreadSessionSuffix(sessionKey);
    const rest = parseAgentSessionKey(baseSessionKey ?? sessionKey)?.rest.toLowerCase() ?? "";
    const withAccount = `${channel}:${account}:${kind}:${peerId}`.toLowerCase();
    const own =
      rest === place ||
      rest === withAccount ||
      (kind === "direct" && rest === `direct:${peerId}`.toLowerCase());
    const route = entry.lastChannel === channel && text(entry.lastTo)?.replace(/^[a-z]+:/i, "") === peerId;
    if (!own && !route) return false;
    return (text(threadId ?? entry.lastThreadId) ?? "").toLowerCase() === (thread ?? "").toLowerCase();
  });
}

/** `session.resetByChannel.<channel>`. */
export function resolveChannelResetConfig(params: {
  sessionCfg?: Readonly<Record<string, unknown>>;
  channel?: string | null;
}): UnknownRecord | undefined {
  const rules = params.sessionCfg?.["resetByChannel"];
  const channel = text(params.channel)?.toLowerCase();
  if (!channel || !isRecord(rules)) return undefined;
  const own = Object.entries(rules).find(([name]) => name.trim().toLowerCase() === channel)?.[1];
  return isRecord(own) ? own : undefined;
}

/** Which group a message belongs to; `null` for a direct one. */
export function resolveGroupSessionKey(ctx: {
  From?: string;
  ChatType?: string;
  Provider?: string;
}): { key: string; channel?: string; id: string; chatType: "group" | "channel" } | null {
  const from = text(ctx.From);
  if (!from) return null;
  const stated = text(ctx.ChatType)?.toLowerCase();
  const parts = from.split(":");
  const at = parts.findIndex((part) => part === "group" || part === "channel");
  const chatType =
    stated === "group" || stated === "channel" ? stated : (parts[at] as "group" | "channel" | undefined);
  if (!chatType) return null;
  const provider = text(ctx.Provider)?.toLowerCase();
  const leading = parts[0]?.toLowerCase();
  const channel = provider ?? (parts.length > 1 ? leading : undefined);
  const rest = at >= 0 ? parts.slice(at + 1) : leading === channel ? parts.slice(1) : parts;
  const id = rest.join(":").trim().toLowerCase();
  if (id === "") return null;
  return {
    key: channel ? `${channel}:${chatType}:${id}` : `${chatType}:${id}`,
    id,
    chatType,
    ...(channel ? { channel } : {}),
  };
}

/**
 * True for a session that an agent harness owns; such a row is not repaired by anybody else. The harness
 * says so in the row, and the key names it.
 */
export function isValidAgentHarnessSessionStoreEntry(sessionKey: string, entry: Row): boolean {
  const harness = text(entry?.["agentHarnessId"]);
  const [kind, name] = parseAgentSessionKey(sessionKey)?.rest.split(":") ?? [];
  return harness !== undefined && kind === "harness" && name === harness.toLowerCase();
}

const text = normalizeOptionalString;
