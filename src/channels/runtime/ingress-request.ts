import type { ChannelConfig, IdentityAuthentication } from "../../contracts/channel.ts";
import type { IdentityDefinition, IngressSubject } from "../access/identity-matcher.ts";
import type { MentionFacts } from "../access/mentions.ts";
import type { DmPolicy, GroupPolicy } from "../access/policy.ts";

/** What a plugin states once about its channel (spec 1.18.8). */
export interface ResolverSetup {
  channelId: string;
  accountId?: string | null;
  identity?: IdentityDefinition;
  cfg?: ChannelConfig;
  readStoreAllowFrom?(params: object): Promise<(string | number)[]> | (string | number)[];
  useDefaultPairingStore?: boolean;
  defaultDmPolicy?: DmPolicy;
  defaultGroupPolicy?: GroupPolicy;
  groupAllowFromFallbackToAllowFrom?: boolean;
  mutableIdentifierMatching?: "enabled" | "disabled";
  minIdentifierAuthentication?: IdentityAuthentication;
}

/** What a single call may say over what was stated once. */
type CallPolicy = Partial<
  Pick<
    ResolverSetup,
    "groupAllowFromFallbackToAllowFrom" | "mutableIdentifierMatching" | "minIdentifierAuthentication"
  >
>;

/** One message, command or event that wants in (spec 1.18.8). */
export interface IngressParams {
  subject?: IngressSubject;
  conversation: { kind: string; id: string; threadId?: string };
  event?: { kind?: string; authMode?: string; mayPair?: boolean };
  dmPolicy?: DmPolicy;
  groupPolicy?: GroupPolicy;
  allowFrom?: (string | number)[] | null;
  groupAllowFrom?: (string | number)[] | null;
  route?: RouteDescriptor | RouteDescriptor[];
  mentionFacts?: MentionFacts;
  policy?: CallPolicy & { activation?: { requireMention?: boolean; allowTextCommands?: boolean } };
  command?:
    | false
    | {
        useAccessGroups?: boolean;
        allowTextCommands?: boolean;
        hasControlCommand?: boolean;
        modeWhenAccessGroupsOff?: "allow" | "deny" | "configured";
        commandOwnerAllowFrom?: (string | number)[];
      };
}

/** A group, room or topic on the way, with its own word on who may write there. */
export interface RouteDescriptor {
  id?: string;
  allowed?: boolean;
  enabled?: boolean;
  matched?: boolean;
  configured?: boolean;
  senderPolicy?: "inherit" | "replace" | "deny-when-empty";
  senderAllowFrom?: (string | number)[];
  blockReason?: string;
}

/** One question of the decision, and its answer. */
export interface Gate {
  id: string;
  allowed: boolean;
  reasonCode: string;
}

/** The whole decision: each gate, and the admission that follows (spec 1.18.8). */
export interface IngressResolution {
  ingress: {
    admission: "dispatch" | "observe" | "skip" | "drop" | "pairing-required";
    decision: "allow" | "block" | "pairing";
    decisiveGateId: string;
    reasonCode: string;
    graph: { gates: Gate[] };
  };
  state: Record<string, never>;
  senderAccess: {
    allowed: boolean;
    decision: "allow" | "block" | "pairing";
    reasonCode: string;
    effectiveAllowFrom: string[];
    effectiveGroupAllowFrom: string[];
    providerMissingFallbackApplied: boolean;
  };
  routeAccess: { allowed: boolean; reasonCode?: string; reason?: string };
  commandAccess: {
    requested: boolean;
    authorized: boolean;
    shouldBlockControlCommand: boolean;
    reasonCode: string;
  };
  activationAccess: {
    ran: boolean;
    allowed: boolean;
    shouldSkip: boolean;
    reasonCode: string;
    effectiveWasMentioned?: boolean;
    shouldBypassMention?: boolean;
  };
}
