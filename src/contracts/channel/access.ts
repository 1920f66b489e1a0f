import type { ChannelConfig } from "./values.ts";

/** Who is heard: direct messages, pairing, groups and mentions (spec 1.6, 1.7). */

/** How sure a channel is of an identifier: `verified` by the platform, down to one that anybody may change. */
export type IdentityAuthentication = "verified" | "asserted" | "unverified" | "mutable";

/** Who may write in private, and where the configuration says so. */
export interface DmPolicyDescription {
  /** `pairing` (default), `allowlist`, `open`, `disabled`. */
  policy: string;
  allowFrom?: (string | number)[] | null;
  policyPath?: string;
  allowFromPath: string;
  approveHint: string;
  normalizeEntry?(raw: string): string;
}

/** The access rules of a channel (spec 1.6). */
export interface ChannelSecurityAdapter<Account = unknown> {
  resolveDmPolicy?(params: {
    cfg: ChannelConfig;
    accountId?: string | null;
    account: Account;
  }): DmPolicyDescription | null;
  collectWarnings?(params: object): unknown;
  [member: string]: unknown;
}

/** How strangers are paired on a channel (spec 1.6). */
export interface ChannelPairingAdapter {
  /** How this platform calls a sender's id, for the reply that carries the code. */
  idLabel: string;
  normalizeAllowEntry?(entry: string): string;
  resolveApprovalStoreEntry?(params: { id: string; meta?: object }): string | null | undefined;
  notifyApproval?(params: {
    cfg: ChannelConfig;
    id: string;
    accountId?: string;
    meta?: object;
    runtime?: unknown;
  }): Promise<void>;
}

/** The group, and who writes in it. */
export interface ChannelGroupContext {
  cfg: ChannelConfig;
  groupId?: string;
  accountId?: string;
  senderId?: string;
  senderName?: string;
  [extra: string]: unknown;
}

/** Rules of groups (spec 1.7); `undefined` leaves the decision to the host. */
export interface ChannelGroupAdapter {
  resolveRequireMention?(context: ChannelGroupContext): boolean | undefined;
  resolveToolPolicy?(context: ChannelGroupContext): object | undefined;
}

/** Takes the mention of the bot out of a text (spec 1.7). */
export interface ChannelMentionAdapter {
  stripRegexes?(params: { ctx: object; cfg: ChannelConfig; agentId?: string }): RegExp[];
  stripPatterns?(params: { ctx: object; cfg: ChannelConfig; agentId?: string }): string[];
  stripMentions?(params: { text: string; ctx: object; cfg: ChannelConfig; agentId?: string }): string;
}
