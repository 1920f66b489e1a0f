import type { ChannelConfig } from "../../contracts/channel.ts";
import { normalizeAccountId } from "../accounts/account-ids.ts";
import { getSessionEntry } from "../sessions/reading.ts";
import { isRecord, readPath } from "../values/records.ts";
import { normalizeOptionalString } from "../values/strings.ts";
import { getExecApprovalReplyMetadata } from "./replies.ts";
import {
  type AccountContext,
  type ApprovalKind,
  type ApprovalRequest,
  approvalKindOf,
  type ForwardTarget,
  type SenderContext,
} from "./types.ts";

export function resolveApprovalKind(request: ApprovalRequest, stated?: ApprovalKind): ApprovalKind {
  return approvalKindOf({ request, ...(stated === undefined ? {} : { approvalKind: stated }) });
}

/**
 * Whether an approval is for this account of a channel: the one it was asked from, or, when it was asked from
 * elsewhere, the default account or the first that may show it.
 */
export function doesApprovalRequestSelectChannelAccount(params: {
  request: ApprovalRequest;
  channel: string;
  accountId?: string | null;
  defaultAccountId: string;
  eligibleAccountIds: readonly string[];
  [extra: string]: unknown;
}): boolean {
  const { request, channel, defaultAccountId, eligibleAccountIds } = params;
  const accountId = normalizeAccountId(params.accountId ?? defaultAccountId);
  const { turnSourceChannel, turnSourceAccountId } = request.request;
  if (turnSourceChannel?.trim().toLowerCase() === channel && turnSourceAccountId) {
    return normalizeAccountId(turnSourceAccountId) === accountId;
  }
  const eligible = eligibleAccountIds.map((id) => normalizeAccountId(id));
  const fallback = normalizeAccountId(defaultAccountId);
  return (eligible.includes(fallback) ? fallback : eligible[0]) === accountId;
}

/** The account of a channel that a request was asked from, by itself or by its session; `null` when it is of none. */
export function resolveApprovalRequestChannelAccountId(params: {
  cfg?: ChannelConfig;
  request: ApprovalRequest;
  channel: string;
}): string | null {
  const channel = params.channel.trim().toLowerCase();
  const { turnSourceChannel, turnSourceAccountId, sessionKey, agentId } = params.request.request;
  const source = turnSourceChannel?.trim().toLowerCase();
  const stated = normalizeOptionalString(turnSourceAccountId);
  if (stated && (source === undefined || source === "" || source === channel))
    return normalizeAccountId(stated);
  const key = normalizeOptionalString(sessionKey);
  const session = key ? getSessionEntry({ sessionKey: key, ...(agentId ? { agentId } : {}) }) : undefined;
  const last = normalizeOptionalString(session?.lastAccountId);
  return last && session?.lastChannel?.toLowerCase() === channel ? normalizeAccountId(last) : null;
}

/** The conversation that a request's session belongs to, when it is one of this channel. */
export function resolveApprovalRequestSessionConversation(params: {
  request: ApprovalRequest;
  channel: string;
  bundledFallback?: boolean;
}): { channel: string; kind: string; id: string; threadId?: string } | null {
  const key = params.request.request.sessionKey?.trim() ?? "";
  const match = /^agent:[^:]+:([^:]+):(?:[^:]+:)??(direct|dm|group|channel):(.+?)(?::thread:([^:]+))?$/i.exec(
    key,
  );
  if (!match || match[1]?.toLowerCase() !== params.channel.toLowerCase()) return null;
  const [, channel = "", kind = "", id = "", threadId] = match;
  return {
    channel: channel.toLowerCase(),
    kind: kind.toLowerCase() === "dm" ? "direct" : kind.toLowerCase(),
    id,
    ...(threadId ? { threadId } : {}),
  };
}

/** A prompt in the chat is left out when the channel shows the same approval by its own means. */
export function shouldSuppressLocalNativeExecApprovalPrompt(
  params: AccountContext & {
    payload: { channelData?: unknown };
    hint?: { kind?: string; nativeRouteActive?: boolean };
    isNativeDeliveryEnabled(context: AccountContext): boolean;
  },
): boolean {
  const { cfg, accountId, hint, payload } = params;
  return (
    hint?.kind === "approval-pending" &&
    hint.nativeRouteActive === true &&
    getExecApprovalReplyMetadata(payload) !== null &&
    params.isNativeDeliveryEnabled({ cfg, ...(accountId === undefined ? {} : { accountId }) })
  );
}

/** Whether `approvals.exec.targets` sends approvals to this sender. */
export function isChannelExecApprovalTargetRecipient(
  params: SenderContext & {
    channel: string;
    normalizeSenderId?(value: string): string | undefined;
    matchTarget(match: {
      target: ForwardTarget;
      normalizedSenderId: string;
      normalizedAccountId?: string;
    }): boolean;
  },
): boolean {
  const normalize = params.normalizeSenderId ?? normalizeOptionalString;
  const normalizedSenderId = params.senderId ? normalize(params.senderId) : undefined;
  if (!normalizedSenderId) return false;
  const normalizedAccountId = params.accountId ? normalizeAccountId(params.accountId) : undefined;
  return forwardTargets(params.cfg).some((target) => {
    if (target.channel.trim().toLowerCase() !== params.channel) return false;
    const account = target.accountId ? normalizeAccountId(target.accountId) : undefined;
    if (account && normalizedAccountId && account !== normalizedAccountId) return false;
    return params.matchTarget({
      target,
      normalizedSenderId,
      ...(normalizedAccountId ? { normalizedAccountId } : {}),
    });
  });
}

function forwardTargets(cfg: ChannelConfig): ForwardTarget[] {
  const section = readPath(cfg, ["approvals", "exec"]);
  if (!isRecord(section) || section["enabled"] !== true) return [];
  const mode = section["mode"];
  if (mode !== "targets" && mode !== "both") return [];
  const targets = Array.isArray(section["targets"]) ? section["targets"] : [];
  return targets.filter(
    (target): target is ForwardTarget => isRecord(target) && typeof target["channel"] === "string",
  );
}

/** The account that shows an approval: the planned one, else the running one, else the fallback. */
export function resolvePreparedApprovalAccountId(params: {
  plannedAccountId?: string | null;
  contextAccountId?: string | null;
  fallbackAccountId?: string | null;
}): string | undefined {
  return (
    normalizeOptionalString(params.plannedAccountId) ??
    normalizeOptionalString(params.contextAccountId) ??
    normalizeOptionalString(params.fallbackAccountId)
  );
}
