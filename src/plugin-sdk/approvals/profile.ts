import { normalizeOptionalString } from "../values/strings.ts";
import type { AccountContext, ApprovalRequest, RequestContext, SenderContext } from "./types.ts";

interface ProfileConfig {
  enabled?: boolean | "auto";
  target?: "dm" | "channel" | "both";
  agentFilter?: string[];
  sessionFilter?: string[];
  [extra: string]: unknown;
}

/** `true` and `"auto"` (the default) need an approver; `false` switches the client off. */
export function isChannelExecApprovalClientEnabledFromConfig(params: {
  enabled?: boolean | "auto";
  approverCount: number;
}): boolean {
  return params.enabled !== false && params.approverCount > 0;
}

export function matchesApprovalRequestFilters(params: {
  request: ApprovalRequest["request"];
  agentFilter?: string[];
  sessionFilter?: string[];
  fallbackAgentIdFromSessionKey?: boolean;
}): boolean {
  const { request, agentFilter = [], sessionFilter = [] } = params;
  const sessionKey = request.sessionKey ?? "";
  if (agentFilter.length > 0) {
    const fromKey = params.fallbackAgentIdFromSessionKey ? sessionKey.split(":")[1] : undefined;
    const agentId = request.agentId || fromKey;
    if (!agentId || !agentFilter.includes(agentId)) return false;
  }
  return sessionFilter.length === 0 || sessionFilter.some((pattern) => sessionMatches(sessionKey, pattern));
}

/** A filter is a part of the key or, failing that, a regular expression. */
function sessionMatches(sessionKey: string, pattern: string): boolean {
  if (sessionKey === "") return false;
  if (sessionKey.includes(pattern)) return true;
  try {
    return new RegExp(pattern).test(sessionKey);
  } catch {
    return false;
  }
}

/** Who decides approvals on a channel account, and which of them its client shows. */
export function createChannelExecApprovalProfile(params: {
  resolveConfig(context: AccountContext): ProfileConfig | undefined;
  resolveApprovers(context: AccountContext): string[];
  normalizeSenderId?(value: string): string | undefined;
  isTargetRecipient?(context: SenderContext): boolean;
  matchesRequestAccount?(context: RequestContext): boolean;
  fallbackAgentIdFromSessionKey?: boolean;
  requireClientEnabledForLocalPromptSuppression?: boolean;
}) {
  const normalize = params.normalizeSenderId ?? normalizeOptionalString;
  const isClientEnabled = (context: AccountContext): boolean => {
    const enabled = params.resolveConfig(context)?.enabled;
    return isChannelExecApprovalClientEnabledFromConfig({
      approverCount: params.resolveApprovers(context).length,
      ...(enabled === undefined ? {} : { enabled }),
    });
  };
  const isApprover = (context: SenderContext): boolean => {
    const sender = context.senderId ? normalize(context.senderId) : undefined;
    return sender !== undefined && params.resolveApprovers(context).includes(sender);
  };
  return {
    isClientEnabled,
    isApprover,
    isAuthorizedSender: (context: SenderContext) =>
      isApprover(context) || params.isTargetRecipient?.(context) === true,
    resolveTarget: (context: AccountContext) => params.resolveConfig(context)?.target ?? "dm",
    shouldHandleRequest(context: RequestContext): boolean {
      if (params.matchesRequestAccount?.(context) === false || !isClientEnabled(context)) return false;
      const config = params.resolveConfig(context) ?? {};
      return matchesApprovalRequestFilters({
        request: context.request.request,
        ...(config.agentFilter ? { agentFilter: config.agentFilter } : {}),
        ...(config.sessionFilter ? { sessionFilter: config.sessionFilter } : {}),
        ...(params.fallbackAgentIdFromSessionKey ? { fallbackAgentIdFromSessionKey: true } : {}),
      });
    },
    shouldSuppressLocalPrompt(context: AccountContext & { payload: { channelData?: unknown } }): boolean {
      const needsClient = params.requireClientEnabledForLocalPromptSuppression !== false;
      if (needsClient && !isClientEnabled(context)) return false;
      const data = context.payload.channelData as { execApproval?: unknown } | undefined;
      return data?.execApproval !== undefined;
    },
  };
}
