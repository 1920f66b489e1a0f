import type { ChannelConfig } from "../../contracts/channel.ts";
import type { Clock } from "../../kernel/clock.ts";
import { withoutUndefined } from "../../kernel/records.ts";
import type { Store } from "../../store/index.ts";
import { approvedSenders } from "../access/approved-senders.ts";
import { type IdentityDefinition, IdentityMatcher } from "../access/identity-matcher.ts";
import {
  type AccessDecision,
  type DmPolicy,
  decideDmAccess,
  decideGroupAccess,
  type GroupPolicy,
  parseDmPolicy,
} from "../access/policy.ts";
import { asIdList } from "../config-values.ts";
import { activationGate, commandGate, mergeSenders, routeGate } from "./ingress-gates.ts";
import type { Gate, IngressParams, IngressResolution, ResolverSetup } from "./ingress-request.ts";

export type { IngressResolution } from "./ingress-request.ts";

interface ResolverParts {
  store: Store;
  clock: Clock;
  config(): ChannelConfig;
}

interface IngressEvent {
  authMode?: string;
  mayPair?: boolean;
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
  event: IngressEvent,
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
  const sender = senderDecision(event, isDirect, {
    dm: { policy: dmPolicy, allowFrom, approved },
    group: { policy: params.groupPolicy ?? setup.defaultGroupPolicy ?? "disabled", groupAllowFrom },
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

/** Whether the sender may write; only what comes in as a message asks who wrote it. */
function senderDecision(
  event: IngressEvent,
  isDirect: boolean,
  lists: {
    dm: { policy: DmPolicy; allowFrom: string[]; approved: string[] };
    group: { policy: GroupPolicy; groupAllowFrom: string[] };
    matcher: IdentityMatcher;
  },
): AccessDecision | { decision: "allow"; reason: "sender_not_required" } {
  const { dm, group, matcher } = lists;
  if (event.authMode !== undefined && event.authMode !== "inbound") {
    return { decision: "allow", reason: "sender_not_required" };
  }
  if (!isDirect) return decideGroupAccess({ ...group, groupListed: false, senderIds: [], matcher });
  const mayPair = event.mayPair === undefined ? {} : { mayPair: event.mayPair };
  return decideDmAccess({ ...dm, senderIds: [], matcher, ...mayPair });
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

/** Senders that were let in by pairing. */
async function storedSenders(parts: ResolverParts, setup: ResolverSetup): Promise<string[]> {
  if (setup.readStoreAllowFrom) {
    return asIdList(await setup.readStoreAllowFrom({ channel: setup.channelId, accountId: setup.accountId }));
  }
  if (setup.useDefaultPairingStore === false) return [];
  return approvedSenders(parts, setup.channelId, setup.accountId);
}
