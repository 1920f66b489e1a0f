import type { ChannelConfig, IdentityAuthentication } from "../../contracts/channel.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Store } from "../../store/index.ts";
import { type IdentityDefinition, IdentityMatcher, type IngressSubject } from "../access/identity-matcher.ts";
import { type MentionFacts, resolveInboundMentionDecision } from "../access/mentions.ts";
import {
  type AccessDecision,
  type DmPolicy,
  decideDmAccess,
  decideGroupAccess,
  type GroupPolicy,
  parseDmPolicy,
} from "../access/policy.ts";
import { asIdList, asRecord } from "../config-values.ts";
import { normalizeAccountId } from "../routing/session-key.ts";

/** What a plugin states once about its channel (spec 1.18.8). */
interface ResolverSetup {
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

interface IngressParams {
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

interface RouteDescriptor {
  id?: string;
  allowed?: boolean;
  enabled?: boolean;
  matched?: boolean;
  configured?: boolean;
  senderPolicy?: "inherit" | "replace" | "deny-when-empty";
  senderAllowFrom?: (string | number)[];
  blockReason?: string;
}

interface Gate {
  id: string;
  allowed: boolean;
  reasonCode: string;
}

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

interface ResolverParts {
  store: Store;
  clock: Clock;
  config(): ChannelConfig;
}

/** `inbound.ingress`: the host's decision engine for plugins that gate by themselves. */
export function createIngressResolver(parts: ResolverParts): Record<string, unknown> {
  const create = (setup: ResolverSetup) => ({
    message: (params: IngressParams) =>
      evaluate(parts, setup, params, { authMode: "inbound", mayPair: true, ...params.event }),
    command: (params: IngressParams) =>
      evaluate(parts, setup, params, { authMode: "command", mayPair: false, ...params.event }),
    event: (params: IngressParams) =>
      evaluate(parts, setup, params, { authMode: "inbound", mayPair: false, ...params.event }),
  });
  return {
    createResolver: create,
    resolve: (params: ResolverSetup & IngressParams) => create(params).message(params),
    resolveStable: (params: ResolverSetup & IngressParams) =>
      create({ ...params, identity: stableIdentity(params.identity) }).message(params),
  };
}

async function evaluate(
  parts: ResolverParts,
  setup: ResolverSetup,
  params: IngressParams,
  event: { authMode?: string; mayPair?: boolean },
): Promise<IngressResolution> {
  const isDirect = ["direct", "dm", "private"].includes(params.conversation.kind);
  const policy = { ...setup, ...withoutUndefined(params.policy ?? {}) };
  const matcher = new IdentityMatcher(setup.identity ?? {}, params.subject ?? {}, policy);
  const gates: Gate[] = [];
  const route = routeGate(params.route);
  gates.push({
    id: "route",
    allowed: route.allowed,
    reasonCode: route.allowed ? "allowed" : (route.reasonCode ?? "route_blocked"),
  });

  const approved = isDirect ? await storedSenders(parts, setup) : [];
  const allowFrom = mergeSenders(asIdList(params.allowFrom), route);
  const rawGroup = asIdList(params.groupAllowFrom);
  const groupList =
    rawGroup.length === 0 && policy.groupAllowFromFallbackToAllowFrom ? asIdList(params.allowFrom) : rawGroup;
  const groupAllowFrom = mergeSenders(groupList, route);
  const dmPolicy = parseDmPolicy(params.dmPolicy ?? setup.defaultDmPolicy);
  const groupPolicy = params.groupPolicy ?? setup.defaultGroupPolicy ?? "disabled";
  const sender: AccessDecision | { decision: "allow"; reason: "sender_not_required" } =
    event.authMode !== undefined && event.authMode !== "inbound"
      ? { decision: "allow", reason: "sender_not_required" }
      : isDirect
        ? decideDmAccess({
            policy: dmPolicy,
            allowFrom,
            approved,
            senderIds: [],
            matcher,
            ...(event.mayPair === undefined ? {} : { mayPair: event.mayPair }),
          })
        : decideGroupAccess({
            policy: groupPolicy,
            groupListed: false,
            groupAllowFrom,
            senderIds: [],
            matcher,
          });
  gates.push({ id: "sender", allowed: sender.decision === "allow", reasonCode: sender.reason });

  const owners = [...allowFrom, ...(isDirect ? [] : groupAllowFrom)];
  const command = commandGate(
    params,
    (more) => matcher.matches([...owners, ...more]) || matcher.isApproved(approved),
  );
  gates.push({ id: "command", allowed: !command.shouldBlockControlCommand, reasonCode: command.reasonCode });
  const activation = activationGate(params, isDirect, command.authorized);
  gates.push({ id: "activation", allowed: activation.allowed, reasonCode: activation.reasonCode });

  const pairing = route.allowed && sender.decision === "pairing";
  const decisive = gates.find((gate) => !gate.allowed) ?? (gates.at(-1) as Gate);
  const admission = pairing
    ? "pairing-required"
    : decisive.allowed
      ? "dispatch"
      : decisive.id === "activation"
        ? "skip"
        : "drop";
  return {
    ingress: {
      admission,
      decision: pairing ? "pairing" : decisive.allowed || decisive.id === "activation" ? "allow" : "block",
      decisiveGateId: decisive.id,
      reasonCode: decisive.reasonCode,
      graph: { gates },
    },
    state: {},
    senderAccess: {
      allowed: sender.decision === "allow",
      decision: sender.decision,
      reasonCode: sender.reason,
      effectiveAllowFrom: dmPolicy === "pairing" ? [...allowFrom, ...approved] : allowFrom,
      effectiveGroupAllowFrom: groupAllowFrom,
      providerMissingFallbackApplied: false,
    },
    routeAccess: route,
    commandAccess: command,
    activationAccess: activation,
  };
}

/** One field given in place of a whole definition; what belongs to the definition is kept. */
function stableIdentity(given: ResolverSetup["identity"]): IdentityDefinition {
  if (given === undefined || "primary" in given) return given ?? {};
  const { aliases, isWildcardEntry, matchEntry, ...primary } = given;
  return {
    primary: primary as NonNullable<IdentityDefinition["primary"]>,
    ...(aliases ? { aliases } : {}),
    ...(isWildcardEntry ? { isWildcardEntry } : {}),
    ...(matchEntry ? { matchEntry } : {}),
  };
}

function withoutUndefined<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}

function routeGate(
  given: RouteDescriptor | RouteDescriptor[] | undefined,
): IngressResolution["routeAccess"] & {
  descriptors: RouteDescriptor[];
} {
  const descriptors = given === undefined ? [] : Array.isArray(given) ? given : [given];
  for (const descriptor of descriptors) {
    if (descriptor.allowed === false || descriptor.enabled === false) {
      return {
        allowed: false,
        reasonCode: "route_blocked",
        ...(descriptor.blockReason === undefined ? {} : { reason: descriptor.blockReason }),
        descriptors,
      };
    }
    if (descriptor.senderPolicy === "deny-when-empty" && (descriptor.senderAllowFrom ?? []).length === 0) {
      return { allowed: false, reasonCode: "route_sender_empty", descriptors };
    }
  }
  return { allowed: true, descriptors };
}

function mergeSenders(base: string[], route: { descriptors: RouteDescriptor[] }): string[] {
  let list = base;
  for (const descriptor of route.descriptors) {
    const own = asIdList(descriptor.senderAllowFrom);
    if (descriptor.senderPolicy === "replace") list = own;
    else if (own.length > 0) list = [...list, ...own];
  }
  return list;
}

function commandGate(
  params: IngressParams,
  isListed: (more: string[]) => boolean,
): IngressResolution["commandAccess"] {
  const command = params.command;
  if (!command) {
    return { requested: false, authorized: false, shouldBlockControlCommand: false, reasonCode: "allowed" };
  }
  const listed = isListed(asIdList(command.commandOwnerAllowFrom));
  const authorized =
    listed || (command.useAccessGroups === false && (command.modeWhenAccessGroupsOff ?? "allow") === "allow");
  const blocked = command.allowTextCommands === true && command.hasControlCommand === true && !authorized;
  return {
    requested: command.hasControlCommand === true,
    authorized,
    shouldBlockControlCommand: blocked,
    reasonCode: blocked ? "control_command_unauthorized" : authorized ? "command_authorized" : "allowed",
  };
}

function activationGate(
  params: IngressParams,
  isDirect: boolean,
  commandAuthorized: boolean,
): IngressResolution["activationAccess"] {
  const facts = params.mentionFacts;
  if (!facts || isDirect)
    return { ran: false, allowed: true, shouldSkip: false, reasonCode: "activation_allowed" };
  const activation = asRecord(params.policy?.activation);
  const command = params.command || undefined;
  const decision = resolveInboundMentionDecision({
    facts,
    policy: {
      isGroup: true,
      requireMention: activation["requireMention"] !== false,
      allowTextCommands: activation["allowTextCommands"] === true || command?.allowTextCommands === true,
      hasControlCommand: command?.hasControlCommand === true,
      commandAuthorized,
    },
  });
  return {
    ran: true,
    allowed: !decision.shouldSkip,
    shouldSkip: decision.shouldSkip,
    reasonCode: decision.shouldSkip ? "activation_skipped" : "activation_allowed",
    effectiveWasMentioned: decision.effectiveWasMentioned,
    shouldBypassMention: decision.shouldBypassMention,
  };
}

async function storedSenders(parts: ResolverParts, setup: ResolverSetup): Promise<string[]> {
  if (setup.readStoreAllowFrom) {
    return asIdList(await setup.readStoreAllowFrom({ channel: setup.channelId, accountId: setup.accountId }));
  }
  if (setup.useDefaultPairingStore === false) return [];
  const rows = await parts.store.call.channelPairing.list({
    status: "approved",
    channel: setup.channelId,
    accountId: normalizeAccountId(setup.accountId),
    now: parts.clock.now(),
  });
  return rows.map((row) => row.senderId);
}
