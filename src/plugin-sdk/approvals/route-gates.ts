import type { ChannelConfig } from "../../contracts/channel.ts";
import { isRecord, readPath } from "../values/records.ts";
import { channelApprovalTargetsMatch } from "./targets.ts";
import {
  type AccountContext,
  type ApprovalKind,
  type ApprovalRequest,
  type ApprovalTarget,
  approvalKindOf,
  type ForwardTarget,
  type RequestContext,
} from "./types.ts";

type ForwardingMode = "session" | "targets" | "both";

interface Forwarding {
  mode: ForwardingMode;
  targets: ForwardTarget[];
}

/** `approvals.<kind>` of the configuration: whether approvals are forwarded, to the session or to targets. */
function forwardingOf(
  cfg: ChannelConfig,
  kind: ApprovalKind,
  fallback: ForwardingMode,
): Forwarding | undefined {
  const section = readPath(cfg, ["approvals", kind]);
  if (!isRecord(section) || section["enabled"] !== true) return undefined;
  const mode = section["mode"];
  const targets = Array.isArray(section["targets"]) ? (section["targets"] as ForwardTarget[]) : [];
  return { mode: mode === "session" || mode === "targets" || mode === "both" ? mode : fallback, targets };
}

const KINDS: readonly ApprovalKind[] = ["exec", "plugin"];

export function createNativeApprovalChannelRouteGates<Target extends ApprovalTarget>(params: {
  channel: string;
  defaultForwardingMode: ForwardingMode;
  isTransportEnabled(context: AccountContext): boolean;
  listAccountIds(cfg: ChannelConfig): readonly string[];
  resolveDefaultAccountId(cfg: ChannelConfig): string;
  normalizeForwardTarget(target: ForwardTarget): Target | null;
  resolveTurnSourceTarget(request: ApprovalRequest): Target | null;
  targetsMatch?(left: Target, right: Target): boolean;
}) {
  const matches = params.targetsMatch ?? channelApprovalTargetsMatch;
  const accountOf = (cfg: ChannelConfig, id: string | null | undefined) =>
    id || params.resolveDefaultAccountId(cfg);
  const targetsOf = (forwarding: Forwarding) =>
    forwarding.mode === "session"
      ? []
      : forwarding.targets.filter((target) => params.normalizeForwardTarget(target));

  const canRoute = (
    context: AccountContext & { approvalKind: ApprovalKind; nativeSessionOnly?: boolean },
  ): boolean => {
    const { cfg, approvalKind, nativeSessionOnly } = context;
    const forwarding = forwardingOf(cfg, approvalKind, params.defaultForwardingMode);
    if (!forwarding || !params.isTransportEnabled(context)) return false;
    return forwarding.mode !== "targets" || (!nativeSessionOnly && targetsOf(forwarding).length > 0);
  };

  const isSessionApprovalEligible = (context: RequestContext): boolean => {
    const approvalKind = approvalKindOf(context);
    const forwarding = forwardingOf(context.cfg, approvalKind, params.defaultForwardingMode);
    if (!forwarding || forwarding.mode === "targets" || !params.isTransportEnabled(context)) return false;
    const source = params.resolveTurnSourceTarget(context.request);
    if (!source) return false;
    const asked = accountOf(context.cfg, context.accountId);
    return asked === accountOf(context.cfg, source.accountId);
  };

  const isExplicitTargetEligible = (context: RequestContext & { target: ForwardTarget }): boolean => {
    const forwarding = forwardingOf(context.cfg, approvalKindOf(context), params.defaultForwardingMode);
    const wanted = params.normalizeForwardTarget(context.target);
    if (!forwarding || !wanted || !params.isTransportEnabled(context)) return false;
    return targetsOf(forwarding).some((target) => {
      const known = params.normalizeForwardTarget(target);
      return known !== null && matches(known, wanted);
    });
  };

  const canAnyApprovalPotentiallyRouteToChannel = (
    context: AccountContext & { nativeSessionOnly?: boolean },
  ) => KINDS.some((approvalKind) => canRoute({ ...context, approvalKind }));

  return {
    canApprovalPotentiallyRouteToChannel: canRoute,
    canAnyApprovalPotentiallyRouteToChannel,
    isNativeApprovalHandlerConfigured: (context: AccountContext) =>
      canAnyApprovalPotentiallyRouteToChannel({ ...context, nativeSessionOnly: true }),
    isSessionApprovalEligible,
    isExplicitTargetEligible,
    shouldHandleApprovalRequest(context: RequestContext): boolean {
      if (isSessionApprovalEligible(context)) return true;
      const forwarding = forwardingOf(context.cfg, approvalKindOf(context), params.defaultForwardingMode);
      return (
        forwarding !== undefined && params.isTransportEnabled(context) && targetsOf(forwarding).length > 0
      );
    },
  };
}

export interface SuppressionInput {
  cfg: ChannelConfig;
  approvalKind?: ApprovalKind;
  target: ForwardTarget;
  request: ApprovalRequest;
}

/** Whether a forwarded text would repeat what the channel shows by its own means at the same place. */
export function createNativeApprovalForwardingFallbackSuppressor<Target extends ApprovalTarget>(params: {
  channel: string;
  normalizeForwardTarget(target: ForwardTarget): Target | null;
  resolveAccountId?(input: {
    forwardingTarget: Target;
    target: ForwardTarget;
    request: ApprovalRequest;
  }): string | null | undefined;
  resolveApprovalKind?(input: { approvalKind?: ApprovalKind; request: ApprovalRequest }): ApprovalKind;
  isSessionRouteEligible(input: RequestContext): boolean;
  isExplicitTargetEligible?(input: RequestContext & { target: ForwardTarget }): boolean;
  resolveOriginTarget(input: RequestContext): Target | null;
  resolveApproverDmTargets(input: RequestContext): readonly Target[];
  targetsMatch?(left: Target, right: Target): boolean;
  [extra: string]: unknown;
}): (input: SuppressionInput) => boolean {
  const matches = params.targetsMatch ?? channelApprovalTargetsMatch;
  return ({ cfg, target, request, ...kind }) => {
    const forwardingTarget = params.normalizeForwardTarget(target);
    if (!forwardingTarget) return false;
    const accountId =
      params.resolveAccountId?.({ forwardingTarget, target, request }) ?? forwardingTarget.accountId;
    const input: RequestContext = {
      cfg,
      request,
      approvalKind:
        params.resolveApprovalKind?.({ ...kind, request }) ?? approvalKindOf({ ...kind, request }),
      ...(accountId == null ? {} : { accountId }),
    };
    if (params.isExplicitTargetEligible?.({ ...input, target })) return true;
    if (!params.isSessionRouteEligible(input)) return false;
    const origin = params.resolveOriginTarget(input);
    const shown = [...(origin ? [origin] : []), ...params.resolveApproverDmTargets(input)];
    return shown.some((place) => matches(place, forwardingTarget));
  };
}
