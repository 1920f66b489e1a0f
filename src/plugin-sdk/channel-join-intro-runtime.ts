import type { ChannelConfig } from "../contracts/channel.ts";
import { resolveNormalizedAccountEntry } from "./accounts/account-ids.ts";
import { asRecordOrEmpty, readPath } from "./values/records.ts";

/** What became of the words an agent says when it was brought into a room. */
export type ChannelJoinIntroOutcome =
  | { kind: "posted" }
  | { kind: "skipped"; reason: "disabled" | "already-introduced" | "room-not-allowed" | "no-context" }
  | { kind: "failed"; reason: string };

export interface ChannelRoomJoin {
  cfg: ChannelConfig;
  channel: string;
  accountId?: string | null;
  conversationId: string;
  /** Whether the settings let the agent take part in the room. */
  roomAllowed: boolean;
  [extra: string]: unknown;
}

/**
 * Hears that the account was brought into a room. Agents of this version do not introduce themselves, so where
 * an introduction is wanted (`joinIntro`, on by default) the outcome says that it failed; nothing is sent.
 */
export async function reportChannelRoomJoin(join: ChannelRoomJoin): Promise<ChannelJoinIntroOutcome> {
  const section = asRecordOrEmpty(readPath(join.cfg, ["channels", join.channel]));
  const accounts = asRecordOrEmpty(section["accounts"]);
  const account = join.accountId ? resolveNormalizedAccountEntry(accounts, join.accountId) : undefined;
  const wanted = readPath(account, ["joinIntro"]) ?? section["joinIntro"];
  if (wanted === false) return { kind: "skipped", reason: "disabled" };
  if (!join.roomAllowed) return { kind: "skipped", reason: "room-not-allowed" };
  return { kind: "failed", reason: "this gateway does not introduce its agents in rooms" };
}
