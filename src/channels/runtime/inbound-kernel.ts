import type { ChannelConfig } from "../../contracts/channel.ts";
import type {
  ChannelTurnAdmission,
  ChannelTurnResult,
  MsgContext,
  ReplyDispatcherOptions,
  ReplyOptions,
  TurnAdoptionLifecycle,
} from "../../contracts/channel-runtime.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { asRecord, asText } from "../config-values.ts";
import { type DispatchParts, dispatchContext } from "./dispatch.ts";

type AnyFunction = (...args: never[]) => unknown;

/** What a plugin's `resolveTurn` gives, or `inbound.dispatch` takes (spec 1.18.1). */
interface TurnPlan {
  cfg?: ChannelConfig;
  channel?: string;
  route?: { agentId?: string; sessionKey?: string };
  agentId?: string;
  routeSessionKey?: string;
  ctxPayload: MsgContext;
  delivery?: {
    deliver?: ReplyDispatcherOptions["deliver"];
    deliverWithProviderMessageSending?: ReplyDispatcherOptions["deliver"];
    onError?: ReplyDispatcherOptions["onError"];
  };
  dispatcherOptions?: Partial<ReplyDispatcherOptions>;
  replyOptions?: ReplyOptions;
  toolsAllow?: string[];
  admission?: ChannelTurnAdmission;
  record?: { onRecordError?(error: unknown): void };
  turnAdoptionLifecycle?: TurnAdoptionLifecycle;
  runDispatch?: () => Promise<unknown>;
}

interface RunParams {
  channel?: string;
  accountId?: string;
  raw: unknown;
  adapter: {
    ingest(raw: unknown): unknown;
    classify?(input: unknown): unknown;
    preflight?(input: unknown, eventClass: unknown): unknown;
    resolveTurn(input: unknown, eventClass: unknown, preflight: unknown): unknown;
    onFinalize?(result: ChannelTurnResult): unknown;
  };
  turnAdoptionLifecycle?: TurnPlan["turnAdoptionLifecycle"];
}

/** Takes a raw platform event through the stages of spec 1.18.1 with the plugin's own functions. */
export async function runInbound(parts: DispatchParts, params: RunParams): Promise<ChannelTurnResult> {
  const { adapter } = params;
  let admission: ChannelTurnAdmission = { kind: "drop", reason: "not-ingested" };
  try {
    const result = await runStages();
    await adapter.onFinalize?.(result);
    return result;
  } catch (error) {
    await adapter.onFinalize?.({ admission, dispatched: false });
    throw error;
  }

  async function runStages(): Promise<ChannelTurnResult> {
    const input = await adapter.ingest(params.raw);
    if (input === null || input === undefined) {
      return { admission: { kind: "drop", reason: "ignored" }, dispatched: false };
    }
    const eventClass = asRecord(
      (await adapter.classify?.(input)) ?? { kind: "message", canStartAgentTurn: true },
    );
    if (eventClass["canStartAgentTurn"] === false) {
      const reason = `event:${asText(eventClass["kind"]) ?? "unknown"}`;
      return { admission: { kind: "handled", reason }, dispatched: false };
    }
    const facts = asRecord(await adapter.preflight?.(input, eventClass));
    const stated = asText(facts["kind"]) ? (facts as unknown as ChannelTurnAdmission) : facts["admission"];
    if (stated) admission = stated as ChannelTurnAdmission;
    else admission = { kind: "dispatch" };
    if (admission.kind === "drop" || admission.kind === "handled") return { admission, dispatched: false };
    const plan = asRecord(await adapter.resolveTurn(input, eventClass, facts)) as unknown as TurnPlan;
    const lifecycle = plan.turnAdoptionLifecycle ?? params.turnAdoptionLifecycle;
    return dispatchPlan(parts, {
      ...plan,
      admission: plan.admission ?? admission,
      ...(lifecycle ? { turnAdoptionLifecycle: lifecycle } : {}),
    });
  }
}

/** Runs a plan: records, dispatches, delivers. Both the short and the assembled form are taken. */
export async function dispatchPlan(parts: DispatchParts, plan: TurnPlan): Promise<ChannelTurnResult> {
  const admission = plan.admission ?? { kind: "dispatch" };
  const sessionKey = plan.routeSessionKey ?? plan.route?.sessionKey ?? plan.ctxPayload.SessionKey;
  const known = sessionKey === undefined ? {} : { routeSessionKey: sessionKey };
  if (admission.kind === "drop" || admission.kind === "handled") {
    return { admission, dispatched: false, ctxPayload: plan.ctxPayload, ...known };
  }
  const deliver =
    plan.delivery?.deliver ??
    plan.delivery?.deliverWithProviderMessageSending ??
    plan.dispatcherOptions?.deliver;
  if (!deliver && plan.runDispatch) return runPreparedReply(parts, plan);
  const observes = admission.kind === "observeOnly";
  const agentId = plan.agentId ?? plan.route?.agentId;
  const dispatchResult = await dispatchContext(parts, {
    ctx: plan.ctxPayload,
    ...(plan.cfg ? { cfg: plan.cfg } : {}),
    ...(agentId === undefined ? {} : { agentId }),
    ...(sessionKey === undefined ? {} : { sessionKey }),
    ...(plan.toolsAllow ? { toolsAllow: plan.toolsAllow } : {}),
    ...(plan.replyOptions ? { replyOptions: plan.replyOptions } : {}),
    ...(plan.turnAdoptionLifecycle ? { lifecycle: plan.turnAdoptionLifecycle } : {}),
    dispatcherOptions: {
      ...plan.dispatcherOptions,
      ...(plan.delivery?.onError ? { onError: plan.delivery.onError } : {}),
      // An observed turn runs and says nothing by itself.
      deliver: observes ? () => undefined : (deliver ?? undeliverable),
    },
  });
  return { admission, dispatched: true, ctxPayload: plan.ctxPayload, dispatchResult, ...known };
}

/** What nobody can send must not count as delivered. */
function undeliverable(): never {
  throw new SluiceError("NOT_SUPPORTED", "the plugin's plan of this turn has no delivery and no runDispatch");
}

/** Older form: the plugin dispatches by itself and only wants the frame. */
export async function runPreparedReply(parts: DispatchParts, plan: TurnPlan): Promise<ChannelTurnResult> {
  if (!plan.runDispatch) return dispatchPlan(parts, plan);
  const dispatchResult = (await plan.runDispatch()) as ChannelTurnResult["dispatchResult"];
  const result: ChannelTurnResult = {
    admission: plan.admission ?? { kind: "dispatch" },
    dispatched: true,
    ctxPayload: plan.ctxPayload,
  };
  if (dispatchResult) result.dispatchResult = dispatchResult;
  if (plan.routeSessionKey !== undefined) result.routeSessionKey = plan.routeSessionKey;
  return result;
}

/** Lets the contract's loose records in at one place. */
export function loosely<T extends AnyFunction>(work: T): (params: Record<string, unknown>) => ReturnType<T> {
  return work as unknown as (params: Record<string, unknown>) => ReturnType<T>;
}
