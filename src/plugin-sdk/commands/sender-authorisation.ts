import { resolveCommandAuthorizedFromAuthorizers } from "../../channels/inbound/commands.ts";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { readPath } from "../values/records.ts";
import { uniqueStrings } from "../values/strings.ts";

type Authorizers = (params: {
  useAccessGroups: boolean;
  authorizers: { configured: boolean; allowed: boolean }[];
}) => boolean;

export interface SenderCommandAuthorization {
  shouldComputeAuth: boolean;
  effectiveAllowFrom: string[];
  effectiveGroupAllowFrom: string[];
  senderAllowedForCommands: boolean;
  commandAuthorized: boolean | undefined;
}

export interface SenderCommandInput {
  cfg: ChannelConfig;
  rawBody: string;
  isGroup: boolean;
  dmPolicy: string;
  configuredAllowFrom: string[];
  configuredGroupAllowFrom?: string[];
  senderId: string;
  isSenderAllowed(senderId: string, allowFrom: string[]): boolean;
  readAllowFromStore(): Promise<string[]>;
  shouldComputeCommandAuthorized(rawBody: string, cfg: ChannelConfig): boolean;
  resolveCommandAuthorizedFromAuthorizers?: Authorizers;
  [extra: string]: unknown;
}

/** Whether a sender may run commands. Approved senders count under the policy `pairing` only. */
export async function resolveSenderCommandAuthorization(
  input: SenderCommandInput,
): Promise<SenderCommandAuthorization> {
  const { cfg, isGroup, senderId, isSenderAllowed } = input;
  const shouldComputeAuth = input.shouldComputeCommandAuthorized(input.rawBody, cfg);
  const approved = !isGroup && input.dmPolicy === "pairing" ? await input.readAllowFromStore() : [];
  const effectiveAllowFrom = uniqueStrings([...input.configuredAllowFrom, ...approved]);
  const groupList = input.configuredGroupAllowFrom ?? [];
  const effectiveGroupAllowFrom = groupList.length > 0 ? groupList : input.configuredAllowFrom;
  const senderAllowedForCommands = isSenderAllowed(
    senderId,
    isGroup ? effectiveGroupAllowFrom : effectiveAllowFrom,
  );
  const authorizers = [
    {
      configured: effectiveAllowFrom.length > 0,
      allowed: isSenderAllowed(senderId, effectiveAllowFrom),
    },
    {
      configured: effectiveGroupAllowFrom.length > 0,
      allowed: isSenderAllowed(senderId, effectiveGroupAllowFrom),
    },
  ];
  const decide: Authorizers =
    input.resolveCommandAuthorizedFromAuthorizers ?? resolveCommandAuthorizedFromAuthorizers;
  const useAccessGroups = readPath(cfg, ["commands", "useAccessGroups"]) !== false;
  return {
    shouldComputeAuth,
    effectiveAllowFrom,
    effectiveGroupAllowFrom,
    senderAllowedForCommands,
    commandAuthorized: shouldComputeAuth
      ? decide({ useAccessGroups, authorizers: isGroup ? authorizers : authorizers.slice(0, 1) })
      : undefined,
  };
}

/** The same with the functions of `api.runtime.channel.commands`. */
export function resolveSenderCommandAuthorizationWithRuntime({
  runtime,
  ...input
}: Omit<SenderCommandInput, "shouldComputeCommandAuthorized" | "resolveCommandAuthorizedFromAuthorizers"> & {
  runtime: Pick<SenderCommandInput, "shouldComputeCommandAuthorized"> & {
    resolveCommandAuthorizedFromAuthorizers: Authorizers;
  };
}): Promise<SenderCommandAuthorization> {
  return resolveSenderCommandAuthorization({
    ...(input as unknown as SenderCommandInput),
    shouldComputeCommandAuthorized: runtime.shouldComputeCommandAuthorized,
    resolveCommandAuthorizedFromAuthorizers: runtime.resolveCommandAuthorizedFromAuthorizers,
  });
}

export function resolveDirectDmAuthorizationOutcome(params: {
  isGroup: boolean;
  dmPolicy: string;
  senderAllowedForCommands: boolean;
}): "disabled" | "unauthorized" | "allowed" {
  if (params.isGroup) return "allowed";
  if (params.dmPolicy === "disabled") return "disabled";
  return params.dmPolicy === "open" || params.senderAllowedForCommands ? "allowed" : "unauthorized";
}
