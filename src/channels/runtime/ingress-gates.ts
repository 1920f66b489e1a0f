import { resolveInboundMentionDecision } from "../access/mentions.ts";
import { asIdList, asRecord } from "../config-values.ts";
import type { IngressParams, IngressResolution, RouteDescriptor } from "./ingress-request.ts";

/** Whether a group, room or topic on the way is closed. */
export function routeGate(
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

/** An allowlist after what the descriptors on the way add to it or put in its place. */
export function mergeSenders(base: string[], route: { descriptors: RouteDescriptor[] }): string[] {
  let list = base;
  for (const descriptor of route.descriptors) {
    const own = asIdList(descriptor.senderAllowFrom);
    if (descriptor.senderPolicy === "replace") list = own;
    else if (own.length > 0) list = [...list, ...own];
  }
  return list;
}

/** Whether the sender may use commands of the host. `isListed` compares with the allowlists and `more`. */
export function commandGate(
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

/** Whether a message to a group is meant for the agent. */
export function activationGate(
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
