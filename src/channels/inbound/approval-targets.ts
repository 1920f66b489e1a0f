import type { ChannelConfig } from "../../contracts/channel.ts";
import type { ApprovalQuestion } from "../../runtime/workflow/index.ts";
import { asRecord, asRecordList, asText } from "../config-values.ts";

/** Chats beyond its own that one question is shown in; further ones in the configuration are not read. */
export const MAX_APPROVAL_TARGETS = 16;

/** A chat where a question is shown. */
export interface ApprovalTarget {
  channel: string;
  /** Absent: the channel's default account. */
  accountId?: string;
  to: string;
  threadId?: string;
}

type Asked = Pick<
  ApprovalQuestion,
  | "agentId"
  | "sessionKey"
  | "turnSourceChannel"
  | "turnSourceAccountId"
  | "turnSourceTo"
  | "turnSourceThreadId"
>;

/**
 * Where a plugin's question is shown (plugin-sdk spec 4.8): the chat whose message led to it, and the targets of
 * `approvals.plugin` when that is enabled: `mode` `session` (default), `targets` or `both`; `agentFilter` and
 * `sessionFilter` (parts of session keys) narrow what is forwarded.
 */
export function approvalTargets(cfg: ChannelConfig, asked: Asked): ApprovalTarget[] {
  const settings = asRecord(asRecord(cfg["approvals"])["plugin"]);
  const mode = asText(settings["mode"]) ?? "session";
  const forwards = settings["enabled"] === true && mode !== "session" && isMeant(settings, asked);
  const own = sourceOf(asked);
  const targets = own && !(forwards && mode === "targets") ? [own] : [];
  if (!forwards) return targets;
  for (const entry of asRecordList(settings["targets"]).slice(0, MAX_APPROVAL_TARGETS)) {
    const target = targetOf(entry);
    if (target && !targets.some((known) => isSame(known, target))) targets.push(target);
  }
  return targets;
}

function sourceOf(asked: Asked): ApprovalTarget | undefined {
  const { turnSourceChannel: channel, turnSourceAccountId: accountId, turnSourceTo: to } = asked;
  if (!channel || !accountId || !to) return undefined;
  const threadId = asked.turnSourceThreadId;
  return { channel, accountId, to, ...(threadId === undefined ? {} : { threadId }) };
}

function targetOf(entry: Record<string, unknown>): ApprovalTarget | undefined {
  const channel = asText(entry["channel"])?.toLowerCase();
  const to = asText(entry["to"]);
  if (!channel || !to) return undefined;
  const accountId = asText(entry["accountId"]);
  const thread = entry["threadId"];
  return {
    channel,
    to,
    ...(accountId === undefined ? {} : { accountId }),
    ...(typeof thread === "string" || typeof thread === "number" ? { threadId: String(thread) } : {}),
  };
}

function isMeant(settings: Record<string, unknown>, { agentId, sessionKey }: Asked): boolean {
  const agents = textsOf(settings["agentFilter"]);
  const sessions = textsOf(settings["sessionFilter"]);
  if (agents.length > 0 && !agents.includes(agentId ?? "")) return false;
  return sessions.length === 0 || sessions.some((part) => sessionKey?.includes(part));
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string" && item !== "") : [];
}

function isSame(a: ApprovalTarget, b: ApprovalTarget): boolean {
  const account = a.accountId === undefined || b.accountId === undefined || a.accountId === b.accountId;
  return account && a.channel === b.channel && a.to === b.to && a.threadId === b.threadId;
}
