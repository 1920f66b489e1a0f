import type { AccountContext, ApprovalKind, RequestContext } from "./types.ts";

/** The key under which a running account leaves the client that shows approvals. */
export const CHANNEL_APPROVAL_NATIVE_RUNTIME_CONTEXT_CAPABILITY = "approval.native";

type Part = Record<string, (...args: unknown[]) => unknown>;

export interface NativeApprovalRuntime {
  eventKinds?: readonly ApprovalKind[];
  resolveApprovalKind?(request: RequestContext["request"]): ApprovalKind;
  availability: {
    isConfigured(context: AccountContext): boolean;
    shouldHandle(context: RequestContext): boolean;
  };
  presentation: object;
  transport: object;
  interactions?: object;
  observe?: object;
}

export function createChannelApprovalNativeRuntimeAdapter<Adapter>(adapter: Adapter): Adapter {
  return adapter;
}

/** A runtime whose parts are loaded when the first approval is shown; availability is known before. */
export function createLazyChannelApprovalNativeRuntimeAdapter(
  params: NativeApprovalRuntime["availability"] & {
    load(): Promise<NativeApprovalRuntime>;
    eventKinds?: readonly ApprovalKind[];
    resolveApprovalKind?: NativeApprovalRuntime["resolveApprovalKind"];
    capabilityBoundary?: boolean;
  },
): NativeApprovalRuntime {
  let loading: Promise<NativeApprovalRuntime> | undefined;
  const load = () => {
    loading ??= params.load();
    return loading;
  };
  const part = (name: "presentation" | "transport" | "interactions" | "observe") =>
    new Proxy({} as Part, {
      get: (_target, key) =>
        typeof key === "string" && key !== "then"
          ? async (...args: unknown[]) => ((await load())[name] as Part | undefined)?.[key]?.(...args)
          : undefined,
    });
  return {
    ...(params.eventKinds ? { eventKinds: params.eventKinds } : {}),
    ...(params.resolveApprovalKind ? { resolveApprovalKind: params.resolveApprovalKind } : {}),
    availability: { isConfigured: params.isConfigured, shouldHandle: params.shouldHandle },
    presentation: part("presentation"),
    transport: part("transport"),
    interactions: part("interactions"),
    observe: part("observe"),
  };
}
