import type { ChannelConfig } from "../../contracts/channel.ts";
import { normalizeOptionalString, uniqueStrings } from "../values/strings.ts";
import { markImplicitSameChatApprovalAuthorization } from "./implicit.ts";

type ApproverInput = string | number;

export interface ApproverInputs {
  explicit?: readonly ApproverInput[] | null;
  allowFrom?: readonly ApproverInput[] | null;
  extraAllowFrom?: readonly ApproverInput[] | null;
  defaultTo?: string | null;
}

interface AccountContext {
  cfg: ChannelConfig;
  accountId?: string | null;
}

/** Who may decide approvals: the explicit list if there is one, else the senders that are allowed anyway. */
export function resolveApprovalApprovers(
  params: ApproverInputs & {
    normalizeApprover(value: ApproverInput): string | undefined;
    normalizeDefaultTo?(value: string): string | undefined;
  },
): string[] {
  const normalize = (list: readonly ApproverInput[] | null | undefined) =>
    (list ?? []).map((entry) => params.normalizeApprover(entry)).filter((id): id is string => Boolean(id));
  const explicit = normalize(params.explicit);
  if (explicit.length > 0) return uniqueStrings(explicit);
  const fallback = params.defaultTo?.trim();
  const target = fallback
    ? (params.normalizeDefaultTo ?? ((value: string) => params.normalizeApprover(value)))(fallback)
    : undefined;
  return uniqueStrings([
    ...normalize(params.allowFrom),
    ...normalize(params.extraAllowFrom),
    ...(target ? [target] : []),
  ]);
}

/** Without approvers everyone in the same chat decides; with them only they do. */
export function createResolvedApproverActionAuthAdapter(params: {
  channelLabel: string;
  resolveApprovers(context: AccountContext): string[];
  normalizeSenderId?(value: string): string | undefined;
}) {
  const normalize = params.normalizeSenderId ?? normalizeOptionalString;
  return {
    authorizeActorAction(
      context: AccountContext & { senderId?: string | null; action?: string; approvalKind?: string },
    ): { authorized: boolean; reason?: string } {
      const approvers = params.resolveApprovers(context);
      if (approvers.length === 0) return markImplicitSameChatApprovalAuthorization({ authorized: true });
      const sender = context.senderId ? normalize(context.senderId) : undefined;
      if (sender && approvers.includes(sender)) return { authorized: true };
      const kind = context.approvalKind ?? "exec";
      return { authorized: false, reason: `You may not approve ${kind} requests on ${params.channelLabel}.` };
    },
  };
}

type Purpose = "sender" | "action";

export function createChannelApprovalAuth(params: {
  channelLabel: string;
  resolveInputs(context: AccountContext): ApproverInputs;
  normalizeApprover(value: ApproverInput): string | undefined;
  normalizeDefaultTo?(value: string): string | undefined;
  normalizeSenderId?(value: string): string | undefined;
  isWildcardAuthorized?(params: {
    purpose: Purpose;
    senderId?: string;
    inputs: ApproverInputs;
    approvers: readonly string[];
  }): boolean;
}) {
  const normalizeSender = params.normalizeSenderId ?? ((value: string) => params.normalizeApprover(value));
  const resolveApprovers = (context: AccountContext) =>
    resolveApprovalApprovers({ ...params, ...params.resolveInputs(context) });
  const isWildcard = (purpose: Purpose, context: AccountContext, senderId: string | undefined) =>
    params.isWildcardAuthorized?.({
      purpose,
      inputs: params.resolveInputs(context),
      approvers: resolveApprovers(context),
      ...(senderId === undefined ? {} : { senderId }),
    }) === true;
  const senderOf = (context: { senderId?: string | null }) =>
    context.senderId ? normalizeSender(context.senderId) : undefined;
  const adapter = createResolvedApproverActionAuthAdapter({
    channelLabel: params.channelLabel,
    resolveApprovers,
    normalizeSenderId: normalizeSender,
  });
  return {
    resolveApprovers,
    isAuthorizedSender(context: AccountContext & { senderId?: string | null }): boolean {
      const sender = senderOf(context);
      return (
        isWildcard("sender", context, sender) ||
        (sender !== undefined && resolveApprovers(context).includes(sender))
      );
    },
    approvalAuth: {
      authorizeActorAction(
        context: AccountContext & { senderId?: string | null; action?: string; approvalKind?: string },
      ) {
        if (isWildcard("action", context, senderOf(context))) return { authorized: true };
        return adapter.authorizeActorAction(context);
      },
    },
  };
}
