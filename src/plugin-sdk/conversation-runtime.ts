import type { ChannelConfig } from "../contracts/channel.ts";
import type { MsgContext } from "../contracts/channel-runtime.ts";
import { currentHost, requireHost } from "./ambient/host.ts";
import { readPath } from "./values/records.ts";

export { buildPairingReply } from "../channels/access/pairing-codes.ts";
export {
  ensureConfiguredBindingRouteReady,
  resolveConfiguredBindingRoute,
  resolveRuntimeConversationBindingRoute,
} from "./bindings/binding-routes.ts";
export {
  buildPluginBindingApprovalCustomId,
  buildPluginBindingResolvedText,
  parsePluginBindingApprovalCustomId,
  resolvePluginConversationBindingApproval,
} from "./bindings/plugin-binding-approvals.ts";
export {
  getSessionBindingService,
  isPluginOwnedSessionBindingRecord,
  registerSessionBindingAdapter,
  unregisterSessionBindingAdapter,
} from "./bindings/session-bindings.ts";
export {
  formatThreadBindingDisabledError,
  formatThreadBindingDurationLabel,
  formatThreadBindingSpawnDisabledError,
  resolveThreadBindingConversationIdFromBindingId,
  resolveThreadBindingFarewellText,
  resolveThreadBindingIdleTimeoutMs,
  resolveThreadBindingIdleTimeoutMsForChannel,
  resolveThreadBindingIntroText,
  resolveThreadBindingMaxAgeMs,
  resolveThreadBindingMaxAgeMsForChannel,
  resolveThreadBindingSpawnPolicy,
  resolveThreadBindingsEnabled,
  resolveThreadBindingThreadName,
} from "./bindings/thread-bindings.ts";

type ReplyToMode = "off" | "first" | "all" | "batched";
interface ReplyContext {
  cfg: ChannelConfig;
  accountId?: string | null;
  chatType?: string | null;
}

export function createStaticReplyToModeResolver(mode: ReplyToMode): () => ReplyToMode {
  return () => mode;
}

export function createScopedAccountReplyToModeResolver<Account>(params: {
  resolveAccount(cfg: ChannelConfig, accountId?: string | null): Account;
  resolveReplyToMode(account: Account, chatType?: string | null): ReplyToMode | null | undefined;
  fallback?: ReplyToMode;
}): (context: ReplyContext) => ReplyToMode {
  return ({ cfg, accountId, chatType }) =>
    params.resolveReplyToMode(params.resolveAccount(cfg, accountId), chatType) ?? params.fallback ?? "off";
}

type Call = (...args: unknown[]) => unknown;

function pairing(name: string): Call {
  const call = readPath(requireHost(name).runtime, ["channel", "pairing", name]);
  if (typeof call !== "function") throw new Error(`the running gateway has no channel.pairing.${name}`);
  return call as Call;
}

/** @deprecated `api.runtime.channel.pairing.upsertPairingRequest` */
export async function upsertChannelPairingRequest(params: {
  channel: string;
  id: string | number;
  accountId: string;
  meta?: Record<string, string | undefined | null>;
  [extra: string]: unknown;
}): Promise<{ code: string; created: boolean }> {
  const { channel, id, accountId, meta } = params;
  const request = { channel, id: String(id), accountId, ...(meta ? { meta } : {}) };
  return (await pairing("upsertPairingRequest")(request)) as { code: string; created: boolean };
}

/** @deprecated `api.runtime.channel.pairing.readAllowFromStore` */
export async function readChannelAllowFromStore(
  channel: string,
  _env?: NodeJS.ProcessEnv,
  accountId?: string,
): Promise<string[]> {
  return (await pairing("readAllowFromStore")({ channel, accountId })) as string[];
}

/** How a conversation is called: its sender for a direct one, its subject or room otherwise. */
export function resolveConversationLabel(ctx: MsgContext): string | undefined {
  const isDirect = ctx.ChatType === undefined || ctx.ChatType === "direct";
  const names = isDirect
    ? [ctx.ConversationLabel, ctx.SenderName, ctx.SenderTag, ctx.SenderId, ctx.From]
    : [ctx.ConversationLabel, ctx.GroupSubject, ctx.GroupChannel, ctx.GroupSpace, ctx.From];
  return names.find((name): name is string => typeof name === "string" && name.trim() !== "")?.trim();
}

/** What a channel calls the ids of its senders, for the pairing message. */
export function resolvePairingIdLabel(channel: string): string {
  return currentHost()?.services?.channelPlugin(channel)?.pairing?.idLabel ?? "userId";
}

/**
 * The one sender whose direct messages share the main session: the only entry of an allowlist. `null` when
 * direct messages have sessions of their own, or several senders are let in.
 */
export function resolvePinnedMainDmOwnerFromAllowlist(params: {
  dmScope?: string | null;
  allowFrom?: readonly (string | number)[] | null;
  normalizeEntry(entry: string): string | undefined;
}): string | null {
  if ((params.dmScope ?? "main") !== "main") return null;
  const entries = (params.allowFrom ?? [])
    .map((entry) => String(entry).trim())
    .filter((entry) => entry !== "");
  if (entries.includes("*")) return null;
  const owners = new Set(
    entries.map((entry) => params.normalizeEntry(entry)).filter((owner) => Boolean(owner)),
  );
  const [owner] = owners;
  return owners.size === 1 && owner !== undefined ? owner : null;
}

/** @deprecated `api.runtime.channel.session.recordInboundSession` */
export async function recordInboundSession(params: {
  storePath?: string;
  sessionKey: string;
  ctx: MsgContext;
  [extra: string]: unknown;
}): Promise<void> {
  const record = readPath(requireHost("recordInboundSession").runtime, [
    "channel",
    "session",
    "recordInboundSession",
  ]);
  if (typeof record !== "function") throw new Error("the running gateway has no channel.session");
  await record(params);
}
