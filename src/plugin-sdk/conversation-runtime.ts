import type { ChannelConfig } from "../contracts/channel.ts";
import { requireHost } from "./ambient/host.ts";
import { readPath } from "./values/records.ts";

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
