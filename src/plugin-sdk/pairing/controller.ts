import { buildPairingReply } from "../../channels/access/pairing-codes.ts";
import type { ChannelPairingAdapter } from "../../contracts/channel.ts";
import type { PluginRuntime } from "../../contracts/runtime.ts";
import { normalizeAccountId } from "../accounts/account-ids.ts";
import { requireHost } from "../ambient/host.ts";
import { readPath } from "../values/records.ts";

type Meta = Record<string, string | undefined>;

interface PairingFunctions {
  readAllowFromStore(params: { channel: string; accountId: string }): Promise<string[]>;
  removeAllowFromStoreEntry(params: {
    channel: string;
    accountId: string;
    entry: string;
  }): Promise<{ changed: boolean; allowFrom: string[] }>;
  upsertPairingRequest(params: {
    channel: string;
    accountId: string;
    id: string;
    meta?: Meta;
  }): Promise<{ code: string; created: boolean }>;
}

function pairingOf(core: PluginRuntime): PairingFunctions {
  const functions = readPath(core, ["channel", "pairing"]) ?? core.channel?.pairing;
  return functions as unknown as PairingFunctions;
}

export interface PairingChallenge {
  senderId: string;
  senderIdLine: string;
  meta?: Meta;
  sendPairingReply(text: string): Promise<void>;
  buildReplyText?(params: { code: string; senderIdLine: string }): string;
  onCreated?(params: { code: string }): void;
  onReplyError?(error: unknown): void;
}

type Upsert = (params: { id: string; meta?: Meta }) => Promise<{ code: string; created: boolean }>;

/** Stores a pairing request and tells its code to the sender, once: repeats are silent (spec 1.6). */
export async function issuePairingChallenge(
  params: PairingChallenge & { channel: string; accountId?: string; upsertPairingRequest: Upsert },
): Promise<{ created: boolean; code?: string }> {
  const { senderId, senderIdLine, meta } = params;
  const { code, created } = await params.upsertPairingRequest({ id: senderId, ...(meta ? { meta } : {}) });
  if (!created) return { created: false };
  params.onCreated?.({ code });
  const text =
    params.buildReplyText?.({ code, senderIdLine }) ??
    buildPairingReply({ channel: params.channel, idLine: senderIdLine, code });
  try {
    await params.sendPairingReply(text);
  } catch (error) {
    params.onReplyError?.(error);
  }
  return { created: true, code };
}

/** Pairing of one channel account: the approved senders, and challenges for the others. */
export function createChannelPairingController(params: {
  core: PluginRuntime;
  channel: string;
  accountId: string;
}) {
  const { core, channel } = params;
  const accountId = normalizeAccountId(params.accountId);
  const upsertPairingRequest = (input: { id: string | number; meta?: Meta }) =>
    pairingOf(core).upsertPairingRequest({
      channel,
      accountId,
      id: String(input.id),
      ...(input.meta ? { meta: input.meta } : {}),
    });
  return {
    accountId,
    readAllowFromStore: () => pairingOf(core).readAllowFromStore({ channel, accountId }),
    removeAllowFromStoreEntry: (entry: string | number) =>
      pairingOf(core).removeAllowFromStoreEntry({ channel, accountId, entry: String(entry) }),
    readStoreForDmPolicy: (provider: string, otherAccountId: string) =>
      pairingOf(core).readAllowFromStore({
        channel: provider,
        accountId: normalizeAccountId(otherAccountId),
      }),
    upsertPairingRequest,
    issueChallenge: (challenge: PairingChallenge) =>
      issuePairingChallenge({ ...challenge, channel, accountId, upsertPairingRequest }),
  };
}

export function createChannelPairingChallengeIssuer(params: {
  channel: string;
  accountId?: string;
  upsertPairingRequest: Upsert;
}) {
  return (challenge: PairingChallenge) => issuePairingChallenge({ ...challenge, ...params });
}

/** Takes a channel's prefix (`nick:`) from an allowlist entry. */
export function createPairingPrefixStripper(
  prefix: RegExp,
  map: (entry: string) => string = (entry) => entry,
): (entry: string) => string {
  return (entry) => map(entry.trim().replace(prefix, "").trim());
}

type NotifyParams = Parameters<NonNullable<ChannelPairingAdapter["notifyApproval"]>>[0];

/** Says an approval in the log, for channels that can not write first. */
export function createLoggedPairingApprovalNotifier(
  format: string | ((params: NotifyParams) => string),
  log: (message: string) => void = (message) => console.log(message),
): NonNullable<ChannelPairingAdapter["notifyApproval"]> {
  return async (params) =>
    log(typeof format === "function" ? format(params) : format.replaceAll("{id}", params.id));
}

/** The approved senders of a channel account, through the running gateway. */
export async function readChannelAllowFromStore(
  channel: string,
  _env?: unknown,
  accountId?: string,
): Promise<string[]> {
  const { runtime } = requireHost("readChannelAllowFromStore");
  return pairingOf(runtime).readAllowFromStore({ channel, accountId: normalizeAccountId(accountId) });
}
