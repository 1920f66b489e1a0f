import type { ApprovalRequest, ApprovalTarget, ForwardTarget, RequestContext } from "./types.ts";

/** Where a channel shows an approval: the conversation it was asked in, and its approvers directly. */

const idOf = (value: string | number | null | undefined) => (value == null ? "" : String(value));

export function channelApprovalTargetsMatch(left: ApprovalTarget, right: ApprovalTarget): boolean {
  return (
    left.to === right.to &&
    idOf(left.threadId) === idOf(right.threadId) &&
    (!left.accountId || !right.accountId || left.accountId === right.accountId)
  );
}

export function buildChannelApprovalNativeTargetKey(target: ApprovalTarget): string {
  return `${target.to}\u0000${idOf(target.threadId)}`;
}

type Normalizer<Target> = (target: Target, request: ApprovalRequest) => Target | null | undefined;

/** The place an approval was asked from, unless the turn and the session disagree about it. */
export function createChannelNativeOriginTargetResolver<Target extends object = ApprovalTarget>(params: {
  channel: string;
  shouldHandleRequest?(input: RequestContext): boolean;
  resolveTurnSourceTarget(request: ApprovalRequest): Target | null;
  resolveSessionTarget(
    session: ApprovalTarget & { channel?: string },
    request: ApprovalRequest,
  ): Target | null;
  normalizeTarget?: Normalizer<Target>;
  normalizeTargetForMatch?: Normalizer<Target>;
  targetsMatch?(left: Target, right: Target): boolean;
  resolveFallbackTarget?(request: ApprovalRequest): Target | null;
}): (input: RequestContext) => Target | null {
  const matches =
    params.targetsMatch ??
    ((left: Target, right: Target) =>
      channelApprovalTargetsMatch(left as unknown as ApprovalTarget, right as unknown as ApprovalTarget));
  return (input) => {
    if (params.shouldHandleRequest?.(input) === false) return null;
    const { request } = input;
    const normalized = (target: Target | null, normalize = params.normalizeTarget) =>
      target && normalize ? (normalize(target, request) ?? null) : target;
    const forMatch = (target: Target) =>
      normalized(target, params.normalizeTargetForMatch ?? params.normalizeTarget) ?? target;
    const turn = normalized(params.resolveTurnSourceTarget(request));
    const session = normalized(sessionTargetOf(params, request));
    if (turn && session && !matches(forMatch(turn), forMatch(session))) return null;
    return turn ?? session ?? normalized(params.resolveFallbackTarget?.(request) ?? null);
  };
}

/** A session key of the form `agent:<agent>:<channel>:<kind>:<peer>` says where its conversation is. */
function sessionTargetOf<Target>(
  params: {
    channel: string;
    resolveSessionTarget(
      session: ApprovalTarget & { channel?: string },
      request: ApprovalRequest,
    ): Target | null;
  },
  request: ApprovalRequest,
): Target | null {
  if (request.request.turnSourceTo) return null;
  const [, , channel, kind, ...peer] = (request.request.sessionKey ?? "").split(":");
  if (channel !== params.channel || !kind || peer.length === 0) return null;
  return params.resolveSessionTarget({ channel, to: peer.join(":") }, request);
}

export function createChannelApproverDmTargetResolver<
  Approver,
  Target extends object = ApprovalTarget,
>(params: {
  shouldHandleRequest?(input: RequestContext): boolean;
  resolveApprovers(context: Pick<RequestContext, "cfg" | "accountId">): readonly Approver[];
  mapApprover(approver: Approver, input: RequestContext): Target | null | undefined;
}): (input: RequestContext) => Target[] {
  return (input) => {
    if (params.shouldHandleRequest?.(input) === false) return [];
    const { cfg, accountId } = input;
    return params
      .resolveApprovers({ cfg, ...(accountId == null ? {} : { accountId }) })
      .flatMap((approver) => params.mapApprover(approver, input) ?? []);
  };
}

/** The resolvers of a channel whose targets are nothing but an address. */
export function createNativeApprovalMessagingTargetResolvers(params: {
  channel: string;
  normalizeTo(to: string): string | null | undefined;
}) {
  const normalizeTarget = (target: ApprovalTarget): ApprovalTarget | null => {
    const to = params.normalizeTo(target.to);
    return to ? { ...target, to } : null;
  };
  return {
    normalizeTarget,
    normalizeForwardTarget: (target: ForwardTarget): ApprovalTarget | null => {
      const { channel, ...rest } = target;
      return channel.trim().toLowerCase() === params.channel ? normalizeTarget(rest) : null;
    },
    resolveTurnSourceTarget({ request }: ApprovalRequest): ApprovalTarget | null {
      const { turnSourceChannel, turnSourceTo, turnSourceAccountId, turnSourceThreadId } = request;
      if (turnSourceChannel?.trim().toLowerCase() !== params.channel || !turnSourceTo) return null;
      return normalizeTarget({
        to: turnSourceTo,
        ...(turnSourceAccountId ? { accountId: turnSourceAccountId } : {}),
        ...(turnSourceThreadId == null ? {} : { threadId: turnSourceThreadId }),
      });
    },
    resolveSessionTarget: (target: ApprovalTarget & { channel?: string }): ApprovalTarget | null => {
      const { channel, ...rest } = target;
      return channel === undefined || channel === params.channel ? normalizeTarget(rest) : null;
    },
  };
}
