import type { ChannelConfig } from "../../contracts/channel.ts";
import { withoutUndefined } from "../values/records.ts";
import {
  createNativeApprovalChannelRouteGates,
  createNativeApprovalForwardingFallbackSuppressor,
} from "./route-gates.ts";
import {
  createChannelApproverDmTargetResolver,
  createChannelNativeOriginTargetResolver,
  createNativeApprovalMessagingTargetResolvers,
} from "./targets.ts";
import type {
  AccountContext,
  ApprovalKind,
  ApprovalRequest,
  ApprovalTarget,
  ForwardTarget,
  RequestContext,
  SenderContext,
} from "./types.ts";

export type Availability = { kind: "enabled" } | { kind: "disabled" } | { kind: "unsupported" };
type Describe = (params: {
  channel: string;
  channelLabel: string;
  accountId?: string;
}) => string | null | undefined;

export interface ApprovalCapability {
  authorizeActorAction?(params: SenderContext & { action: string; approvalKind: ApprovalKind }): {
    authorized: boolean;
    reason?: string;
  };
  getActionAvailabilityState?(
    params: AccountContext & { action?: string; approvalKind?: ApprovalKind },
  ): Availability;
  getExecInitiatingSurfaceState?(params: AccountContext & { action?: string }): Availability;
  resolveApproveCommandBehavior?(params: SenderContext & { approvalKind: ApprovalKind }): unknown;
  describeExecApprovalSetup?: Describe;
  describePluginApprovalSetup?: Describe;
  delivery?: {
    hasConfiguredDmRoute?(params: { cfg: ChannelConfig }): boolean;
    shouldSuppressForwardingFallback?(params: {
      cfg: ChannelConfig;
      approvalKind: ApprovalKind;
      target: ForwardTarget;
      request: ApprovalRequest;
    }): boolean;
  };
  nativeRuntime?: unknown;
  render?: unknown;
  native?: {
    describeDeliveryCapabilities(params: RequestContext): {
      enabled: boolean;
      preferredSurface: "origin" | "approver-dm" | "both";
      supportsOriginSurface: boolean;
      supportsApproverDmSurface: boolean;
      notifyOriginWhenDmOnly?: boolean;
    };
    resolveOriginTarget?(params: RequestContext): ApprovalTarget | null | Promise<ApprovalTarget | null>;
    resolveApproverDmTargets?(params: RequestContext): ApprovalTarget[] | Promise<ApprovalTarget[]>;
  };
}

export function createChannelApprovalCapability(parts: ApprovalCapability): ApprovalCapability {
  return withoutUndefined({ ...parts });
}

/** The parts of a capability, by who asks for them. */
export function splitChannelApprovalCapability(capability: ApprovalCapability) {
  const { delivery, nativeRuntime, render, native } = capability;
  return {
    auth: withoutUndefined({
      authorizeActorAction: capability.authorizeActorAction,
      getActionAvailabilityState: capability.getActionAvailabilityState,
      getExecInitiatingSurfaceState: capability.getExecInitiatingSurfaceState,
      resolveApproveCommandBehavior: capability.resolveApproveCommandBehavior,
    }),
    delivery,
    nativeRuntime,
    render,
    native,
    describeExecApprovalSetup: capability.describeExecApprovalSetup,
    describePluginApprovalSetup: capability.describePluginApprovalSetup,
  };
}

interface Labels {
  channel: string;
  channelLabel: string;
  describeExecApprovalSetup?: Describe;
  describePluginApprovalSetup?: Describe;
  nativeRuntime?: unknown;
}

type DeliveryMode = "dm" | "channel" | "both";
const SURFACES = { dm: "approver-dm", channel: "origin", both: "both" } as const;
const availability = (enabled: boolean): Availability => ({ kind: enabled ? "enabled" : "disabled" });

/** A channel on which only its approvers decide, and which shows approvals by its own means. */
export function createApproverRestrictedNativeApprovalCapability(
  params: Labels & {
    listAccountIds(cfg: ChannelConfig): string[];
    hasApprovers(context: SenderContext): boolean;
    isExecAuthorizedSender(context: SenderContext): boolean;
    isPluginAuthorizedSender?(context: SenderContext): boolean;
    isNativeDeliveryEnabled(context: AccountContext): boolean;
    resolveNativeDeliveryMode(context: AccountContext): DeliveryMode;
    requireMatchingTurnSourceChannel?: boolean;
    resolveSuppressionAccountId?(params: {
      cfg: ChannelConfig;
      approvalKind: ApprovalKind;
      target: ForwardTarget;
      request: ApprovalRequest;
    }): string | undefined;
    resolveOriginTarget?(params: RequestContext): ApprovalTarget | null | Promise<ApprovalTarget | null>;
    resolveApproverDmTargets?(params: RequestContext): ApprovalTarget[] | Promise<ApprovalTarget[]>;
    notifyOriginWhenDmOnly?: boolean;
  },
): ApprovalCapability {
  const { channel, channelLabel, resolveOriginTarget, resolveApproverDmTargets } = params;
  return createChannelApprovalCapability({
    ...setupTexts(params),
    authorizeActorAction({ approvalKind, ...context }) {
      const isAuthorized =
        approvalKind === "plugin" && params.isPluginAuthorizedSender
          ? params.isPluginAuthorizedSender
          : params.isExecAuthorizedSender;
      if (isAuthorized(context)) return { authorized: true };
      return {
        authorized: false,
        reason: `You may not approve ${approvalKind} requests on ${channelLabel}.`,
      };
    },
    getActionAvailabilityState: (context) => availability(params.hasApprovers(context)),
    getExecInitiatingSurfaceState: (context) =>
      availability(params.hasApprovers(context) && params.isNativeDeliveryEnabled(context)),
    delivery: {
      hasConfiguredDmRoute: ({ cfg }) =>
        params
          .listAccountIds(cfg)
          .some(
            (accountId) =>
              params.hasApprovers({ cfg, accountId }) &&
              params.isNativeDeliveryEnabled({ cfg, accountId }) &&
              params.resolveNativeDeliveryMode({ cfg, accountId }) !== "channel",
          ),
      shouldSuppressForwardingFallback(input) {
        const { cfg, target, request } = input;
        if (target.channel !== channel) return false;
        const source = request.request.turnSourceChannel;
        if (params.requireMatchingTurnSourceChannel && source !== channel) return false;
        const accountId = params.resolveSuppressionAccountId?.(input) ?? target.accountId;
        return params.isNativeDeliveryEnabled({ cfg, ...(accountId == null ? {} : { accountId }) });
      },
    },
    native: withoutUndefined({
      describeDeliveryCapabilities: (context: RequestContext) => ({
        enabled: params.hasApprovers(context) && params.isNativeDeliveryEnabled(context),
        preferredSurface: SURFACES[params.resolveNativeDeliveryMode(context)],
        supportsOriginSurface: resolveOriginTarget !== undefined,
        supportsApproverDmSurface: resolveApproverDmTargets !== undefined,
        ...(params.notifyOriginWhenDmOnly === undefined
          ? {}
          : { notifyOriginWhenDmOnly: params.notifyOriginWhenDmOnly }),
      }),
      resolveOriginTarget,
      resolveApproverDmTargets,
    }) as NonNullable<ApprovalCapability["native"]>,
  });
}

function setupTexts(params: Labels): ApprovalCapability {
  return withoutUndefined({
    describeExecApprovalSetup: params.describeExecApprovalSetup,
    describePluginApprovalSetup: params.describePluginApprovalSetup,
    nativeRuntime: params.nativeRuntime,
  }) as ApprovalCapability;
}

interface Routing {
  defaultForwardingMode: "session" | "targets" | "both";
  isTransportEnabled(context: AccountContext): boolean;
  listAccountIds(cfg: ChannelConfig): readonly string[];
  resolveDefaultAccountId(cfg: ChannelConfig): string;
  normalizeTo(to: string): string | null | undefined;
  resolveApprovers(context: AccountContext): readonly string[];
  isOriginTargetAllowed?(params: RequestContext & { target: ApprovalTarget }): boolean;
  suppressExplicitTargetFallback?: boolean;
  notifyOriginWhenDmOnly?: boolean;
}

/** The same for a channel that follows `approvals.*.mode` and whose targets are nothing but addresses. */
export function createApproverRestrictedNativeApprovalCapabilityFromForwardingRoutes(
  params: Labels & {
    routing: Routing;
    authorizeActorAction: NonNullable<ApprovalCapability["authorizeActorAction"]>;
    createNativeRuntime?(routing: object): unknown;
    render?: unknown;
  },
) {
  const { channel } = params;
  const given = params.routing;
  const targets = createNativeApprovalMessagingTargetResolvers({ channel, normalizeTo: given.normalizeTo });
  const gates = createNativeApprovalChannelRouteGates({ ...given, ...targets, channel });
  const origin = createChannelNativeOriginTargetResolver<ApprovalTarget>({
    channel,
    ...targets,
    shouldHandleRequest: gates.shouldHandleApprovalRequest,
  });
  const resolveOriginTarget = (input: RequestContext) => {
    const target = origin(input);
    return target && given.isOriginTargetAllowed?.({ ...input, target }) === false ? null : target;
  };
  const resolveApproverDmTargets = createChannelApproverDmTargetResolver<string>({
    shouldHandleRequest: gates.shouldHandleApprovalRequest,
    resolveApprovers: given.resolveApprovers,
    mapApprover: (approver) => targets.normalizeTarget({ to: approver }),
  });
  const hasApprovers = (context: AccountContext) => given.resolveApprovers(context).length > 0;
  const routing = {
    ...gates,
    getActionAvailabilityState: (context: AccountContext) => availability(hasApprovers(context)),
    getExecInitiatingSurfaceState: (context: AccountContext) =>
      availability(hasApprovers(context) && gates.isNativeApprovalHandlerConfigured(context)),
    delivery: {
      hasConfiguredDmRoute: ({ cfg }: { cfg: ChannelConfig }) =>
        given
          .listAccountIds(cfg)
          .some(
            (accountId) =>
              hasApprovers({ cfg, accountId }) && gates.isNativeApprovalHandlerConfigured({ cfg, accountId }),
          ),
      shouldSuppressForwardingFallback: createNativeApprovalForwardingFallbackSuppressor<ApprovalTarget>({
        channel,
        normalizeForwardTarget: targets.normalizeForwardTarget,
        isSessionRouteEligible: gates.isSessionApprovalEligible,
        ...(given.suppressExplicitTargetFallback
          ? { isExplicitTargetEligible: gates.isExplicitTargetEligible }
          : {}),
        resolveOriginTarget,
        resolveApproverDmTargets,
      }),
    },
    native: {
      describeDeliveryCapabilities: (context: RequestContext) => ({
        enabled: hasApprovers(context) && gates.shouldHandleApprovalRequest(context),
        preferredSurface: "origin" as const,
        supportsOriginSurface: true,
        supportsApproverDmSurface: true,
        ...(given.notifyOriginWhenDmOnly === undefined
          ? {}
          : { notifyOriginWhenDmOnly: given.notifyOriginWhenDmOnly }),
      }),
      resolveOriginTarget,
      resolveApproverDmTargets,
    },
  };
  const capability = createChannelApprovalCapability({
    ...setupTexts(params),
    authorizeActorAction: params.authorizeActorAction,
    getActionAvailabilityState: routing.getActionAvailabilityState,
    getExecInitiatingSurfaceState: routing.getExecInitiatingSurfaceState,
    delivery: routing.delivery,
    native: routing.native,
    ...(params.render === undefined ? {} : { render: params.render }),
    ...(params.createNativeRuntime ? { nativeRuntime: params.createNativeRuntime(routing) } : {}),
  });
  return { capability, routing };
}
