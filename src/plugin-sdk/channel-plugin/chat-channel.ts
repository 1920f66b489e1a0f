import type {
  ChannelConfig,
  ChannelOutboundAdapter,
  ChannelPairingAdapter,
  ChannelPlugin,
  ChannelSecurityAdapter,
  ChannelThreadingAdapter,
} from "../../contracts/channel.ts";
import { type AttachedResultOptions, createAttachedChannelResultAdapter } from "../outbound/send-results.ts";
import { createScopedDmSecurityResolver } from "../policy/dm-policy.ts";
import { isRecord, readPath } from "../values/records.ts";

type DmOptions<Account extends { accountId?: string | null }> = Parameters<
  typeof createScopedDmSecurityResolver<Account>
>[0];

export interface ChatSecurityOptions<Account extends { accountId?: string | null }> {
  dm: DmOptions<Account>;
  [member: string]: unknown;
}

type NotifyParams = Parameters<NonNullable<ChannelPairingAdapter["notifyApproval"]>>[0];

export interface TextPairingOptions {
  idLabel: string;
  message: string;
  normalizeAllowEntry?(entry: string): string;
  notify(params: NotifyParams & { message: string }): Promise<void> | void;
}

/** A pairing adapter that tells the sender by a text of its channel. */
export function createTextPairingAdapter(options: TextPairingOptions): ChannelPairingAdapter {
  return {
    idLabel: options.idLabel,
    ...(options.normalizeAllowEntry ? { normalizeAllowEntry: options.normalizeAllowEntry } : {}),
    notifyApproval: async (params) => {
      await options.notify({ ...params, message: options.message });
    },
  };
}

type ReplyToMode = "off" | "first" | "all" | "batched";

interface ThreadingOptions extends Omit<ChannelThreadingAdapter, "resolveReplyToMode"> {
  /** A fixed mode of the channel's section: `channels.<key>.replyToMode`. */
  topLevelReplyToMode?: string;
  scopedAccountReplyToMode?: {
    resolveAccount(cfg: ChannelConfig, accountId?: string | null): unknown;
    resolveReplyToMode(account: unknown, chatType?: string | null): ReplyToMode | null | undefined;
    fallback?: ReplyToMode;
  };
  resolveReplyToMode?: ChannelThreadingAdapter["resolveReplyToMode"];
}

export interface ChatChannelOptions<Account extends { accountId?: string | null }> {
  base: Omit<ChannelPlugin<Account>, "security" | "pairing" | "threading" | "outbound">;
  security?: ChannelSecurityAdapter<Account> | ChatSecurityOptions<Account>;
  pairing?: ChannelPairingAdapter | { text: TextPairingOptions };
  threading?: ChannelThreadingAdapter | ThreadingOptions;
  outbound?: ChannelOutboundAdapter | { base: object; attachedResults: AttachedResultOptions };
}

/** Puts a channel together from its base and the usual parts, which may be given as options (spec 1.2). */
export function createChatChannelPlugin<Account extends { accountId?: string | null }>(
  options: ChatChannelOptions<Account>,
): ChannelPlugin<Account> {
  const { base, security, pairing, threading, outbound } = options;
  return {
    ...base,
    conversationBindings: {
      supportsCurrentConversationBinding: true,
      ...(base["conversationBindings"] as object),
    },
    ...(security ? { security: asSecurity(security) } : {}),
    ...(pairing ? { pairing: "text" in pairing ? createTextPairingAdapter(pairing.text) : pairing } : {}),
    ...(threading ? { threading: asThreading(threading) } : {}),
    ...(outbound ? { outbound: asOutbound(outbound) } : {}),
  } as ChannelPlugin<Account>;
}

function asSecurity<Account extends { accountId?: string | null }>(
  security: ChannelSecurityAdapter<Account> | ChatSecurityOptions<Account>,
): ChannelSecurityAdapter<Account> {
  if (!("dm" in security) || !isRecord(security.dm)) return security as ChannelSecurityAdapter<Account>;
  const { dm, ...rest } = security as ChatSecurityOptions<Account>;
  return { ...rest, resolveDmPolicy: createScopedDmSecurityResolver<Account>(dm) };
}

function asThreading(threading: ThreadingOptions): ChannelThreadingAdapter {
  const { topLevelReplyToMode: key, scopedAccountReplyToMode: scoped, ...rest } = threading;
  if (key !== undefined) {
    return {
      ...rest,
      resolveReplyToMode: ({ cfg }) => asMode(readPath(cfg, ["channels", key, "replyToMode"])) ?? "off",
    };
  }
  if (!scoped) return rest;
  return {
    ...rest,
    resolveReplyToMode: ({ cfg, accountId, chatType }) =>
      scoped.resolveReplyToMode(scoped.resolveAccount(cfg, accountId), chatType) ?? scoped.fallback ?? "off",
  };
}

function asMode(value: unknown): ReplyToMode | undefined {
  return value === "off" || value === "first" || value === "all" || value === "batched" ? value : undefined;
}

function asOutbound(
  outbound: ChannelOutboundAdapter | { base: object; attachedResults: AttachedResultOptions },
): ChannelOutboundAdapter {
  if (!("attachedResults" in outbound)) return outbound as ChannelOutboundAdapter;
  const { base, attachedResults } = outbound as { base: object; attachedResults: AttachedResultOptions };
  return { ...base, ...createAttachedChannelResultAdapter(attachedResults) } as ChannelOutboundAdapter;
}

/** The part of a channel that its light setup entry shares with the full one. */
export function createChannelPluginBase<Base extends { id: string; meta?: object }>(
  base: Base,
): Base & { meta: object } {
  return { ...base, meta: { id: base.id, label: base.id, ...base.meta } };
}
