import type { ChannelConfig } from "../../contracts/channel.ts";
import type { MsgContext } from "../../contracts/channel-runtime.ts";
import { currentHost } from "../ambient/host.ts";
import { isRecord, readPath } from "../values/records.ts";

export interface CommandAuthorization {
  providerId?: string;
  /** Owners that the configuration or the message names; `*` is nobody here. */
  ownerList: string[];
  senderId?: string;
  senderIsOwner: boolean;
  isAuthorizedSender: boolean;
  from?: string;
  to?: string;
}

/**
 * Whether a message's sender may run commands, and whether it is an owner. `commands.allowFrom` (by channel,
 * `*` for all of them) decides alone when it is set; otherwise the channel's own judgement counts. Only who
 * is named in `commands.ownerAllowFrom`, or by the channel in `OwnerAllowFrom`, is an owner.
 */
export function resolveCommandAuthorization(params: {
  ctx: MsgContext & Record<string, unknown>;
  cfg: ChannelConfig;
  commandAuthorized: boolean;
}): CommandAuthorization {
  const { ctx, cfg, commandAuthorized } = params;
  const provider = text(ctx["Provider"]) ?? text(ctx["OriginatingChannel"]) ?? text(ctx["Surface"]);
  const providerId = provider?.toLowerCase();
  const candidates = senders(ctx, providerId);
  const ownerList = [
    ...entries(readPath(cfg, ["commands", "ownerAllowFrom"]), providerId),
    ...entries(ctx["OwnerAllowFrom"], providerId),
  ].filter((entry) => entry !== "*");
  const scopes = ctx["GatewayClientScopes"];
  const isAdmin = Array.isArray(scopes) && scopes.includes("operator.admin");
  const senderIsOwner = isAdmin || candidates.some((candidate) => ownerList.includes(candidate));
  const allowed = commandAllowList(cfg, providerId);
  const channel = providerId === undefined ? undefined : currentHost()?.services?.channelPlugin(providerId);
  const enforced = readPath(channel, ["commands", "enforceOwnerForCommands"]) === true;
  const senderId = text(ctx["SenderId"]) ?? text(ctx["SenderE164"]);
  const from = text(ctx["From"]);
  const to = text(ctx["To"]);
  return {
    ...(providerId ? { providerId } : {}),
    ownerList,
    ...(senderId ? { senderId } : {}),
    senderIsOwner,
    isAuthorizedSender: allowed
      ? allowed.includes("*") || candidates.some((candidate) => allowed.includes(candidate))
      : commandAuthorized && (!enforced || senderIsOwner),
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
  };
}

function commandAllowList(cfg: ChannelConfig, providerId: string | undefined): string[] | undefined {
  const lists = readPath(cfg, ["commands", "allowFrom"]);
  if (!isRecord(lists)) return undefined;
  const own = providerId !== undefined && Object.hasOwn(lists, providerId) ? lists[providerId] : lists["*"];
  // Set for other channels only: nothing is said about this one.
  return Array.isArray(own) ? entries(own, providerId) : undefined;
}

function senders(ctx: Record<string, unknown>, providerId: string | undefined): string[] {
  const direct = String(ctx["ChatType"] ?? "").toLowerCase() === "direct";
  const named = [ctx["SenderId"], ctx["SenderE164"]].map(text).filter((value) => value !== undefined);
  if (named.length === 0 && direct) named.push(...[text(ctx["From"])].filter((value) => value !== undefined));
  return named.map((value) => plain(value, providerId));
}

function entries(list: unknown, providerId: string | undefined): string[] {
  if (!Array.isArray(list)) return [];
  return list.map((entry) => plain(String(entry), providerId)).filter((entry) => entry !== "");
}

/** Without the channel's own prefix, folded: `chat:Ada` and `ada` are the same sender of `chat`. */
function plain(value: string, providerId: string | undefined): string {
  const folded = value.trim().toLowerCase();
  return providerId && folded.startsWith(`${providerId}:`) ? folded.slice(providerId.length + 1) : folded;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
