import type { ChannelConfig } from "../../contracts/channel.ts";
import type {
  ChannelReplyPayload,
  DispatchResult,
  MsgContext,
  ReplyDispatcherOptions,
  ReplyKind,
  ReplyOptions,
  TurnAdoptionLifecycle,
} from "../../contracts/channel-runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { AgentEvent, AgentRuntime } from "../../runtime/agent/index.ts";
import type { DeliveryTarget, TurnRequest } from "../../store/records.ts";
import { asText } from "../config-values.ts";
import { commandText } from "../inbound/heard.ts";
import type { InboundPipeline } from "../inbound/pipeline.ts";
import type { PreparedTurn } from "../inbound/records.ts";
import { resolveSendPolicy } from "../inbound/turn-request.ts";
import { emptyResult, type LiveReplies } from "../outbound/live-replies.ts";
import { resolveAgentRoute } from "../routing/agent-route.ts";
import { normalizeAccountId } from "../routing/session-key.ts";
import { definedFields, finalizeInboundContext } from "./context.ts";

export interface DispatchParts {
  pipeline: InboundPipeline;
  agent: AgentRuntime;
  live: LiveReplies;
  config(): ChannelConfig;
  clock: Clock;
}

export interface DispatchParams {
  ctx: MsgContext;
  cfg?: ChannelConfig;
  agentId?: string;
  sessionKey?: string;
  dispatcherOptions: ReplyDispatcherOptions;
  replyOptions?: ReplyOptions;
  toolsAllow?: string[];
  /** Instead of the one in `replyOptions`. */
  lifecycle?: TurnAdoptionLifecycle;
}

/**
 * Runs the turn of a context that a plugin prepared (spec 1.18.11). The message and its answer are rows, as
 * on the host's own path; the answer is handed to `dispatcherOptions.deliver` while this process lives, and
 * to the channel's outbound adapter after a restart. Resolves when everything has been handed over.
 */
export async function dispatchContext(parts: DispatchParts, params: DispatchParams): Promise<DispatchResult> {
  const ctx = finalizeInboundContext(params.ctx);
  const cfg = params.cfg ?? parts.config();
  const { request, key } = turnOf(ctx, params, cfg);
  let waiting: Promise<DispatchResult> | undefined;
  let runId: string | undefined;
  let events: Disposable | undefined;
  const turn: PreparedTurn = { request, ctx: jsonOf(ctx) };
  const lifecycle = params.lifecycle ?? params.replyOptions?.turnAdoptionLifecycle;
  try {
    const result = await adopted(lifecycle, params.dispatcherOptions, () =>
      parts.pipeline.accept(turn, key, (started) => {
        runId = started;
        waiting = parts.live.register(started, params.dispatcherOptions);
        events = forwardEvents(parts.agent, started, params);
      }),
    );
    if (result.status !== "accepted" || !waiting || runId === undefined) {
      if (runId !== undefined) parts.live.cancel(runId);
      return { ...emptyResult(), ...(result.status === "duplicate" ? { duplicate: true } : {}) };
    }
    const signal = params.replyOptions?.abortSignal;
    const abort = () => {
      void parts.agent.abort({ sessionKey: request.sessionKey, runId: runId as string, reason: "plugin" });
    };
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
    try {
      const done = await waiting;
      return request.deliver ? done : { ...done, sendPolicyDenied: true };
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  } finally {
    void events?.dispose();
    await lifecycle?.onSettled?.();
  }
}

/**
 * Tells the plugin that the message is durable, or was not taken. What the plugin does then may fail without
 * costing the turn: a claim it could not complete is offered again, and known by its id.
 */
async function adopted<T>(
  lifecycle: TurnAdoptionLifecycle | undefined,
  { onError }: ReplyDispatcherOptions,
  accept: () => Promise<T>,
): Promise<T> {
  let result: T;
  try {
    result = await accept();
  } catch (error) {
    await lifecycle?.onAbandoned?.(error);
    throw error;
  }
  try {
    await lifecycle?.onAdopted?.();
  } catch (error) {
    onError?.(error, { kind: "final" });
  }
  return result;
}

function turnOf(
  ctx: MsgContext,
  params: DispatchParams,
  cfg: ChannelConfig,
): { request: PreparedTurn["request"]; key: { channel: string; accountId: string; messageId: string } } {
  const channel = (ctx.OriginatingChannel ?? ctx.Provider ?? ctx.Surface ?? "").toLowerCase();
  if (channel === "") {
    throw new SluiceError(
      "INVALID_REQUEST",
      "the context names no channel; set OriginatingChannel or Provider",
    );
  }
  const accountId = normalizeAccountId(ctx.AccountId);
  const chatType = ctx.ChatType ?? "direct";
  const to = ctx.OriginatingTo ?? ctx.To ?? ctx.From ?? "";
  const route = resolveAgentRoute({
    cfg,
    channel,
    accountId,
    peer: { kind: chatType, id: ctx.SenderId ?? ctx.From ?? to },
  });
  const sessionKey = params.sessionKey ?? ctx.SessionKey ?? route.sessionKey;
  const text = ctx.BodyForAgent ?? "";
  const transcript = asText(ctx.RawBody);
  const deliver: DeliveryTarget = { channel, accountId, to };
  if (ctx.MessageThreadId !== undefined) deliver.threadId = String(ctx.MessageThreadId);
  const replyToId = ctx.MessageSid ?? ctx.ReplyToId;
  if (replyToId !== undefined) deliver.replyToId = replyToId;
  const request: Omit<TurnRequest, "runId" | "inboxId"> = {
    sessionKey,
    agentId: params.agentId ?? ctx.AgentId ?? agentOfKey(sessionKey) ?? route.agentId,
    origin: "channel",
    text,
    sessionPatch: definedFields({
      channel,
      chatType,
      displayName: ctx.ConversationLabel,
      lastChannel: channel,
      lastTo: to,
      lastAccountId: accountId,
      lastThreadId: deliver.threadId,
    }),
    context: definedFields({
      channel,
      accountId,
      chatType,
      conversationId: ctx.From,
      messageId: ctx.MessageSid,
      senderId: ctx.SenderId,
      senderName: ctx.SenderName,
      senderIsOwner: ctx.CommandAuthorized === true,
      to,
      threadId: ctx.MessageThreadId === undefined ? undefined : String(ctx.MessageThreadId),
      parentConversationId: asText(ctx["ThreadParentId"]),
      commandBody: commandText(ctx) === (transcript ?? text) ? undefined : commandText(ctx),
      toolsAllow: params.toolsAllow,
    }),
  };
  if (transcript !== undefined && transcript !== "" && transcript !== text)
    request.transcriptText = transcript;
  if (resolveSendPolicy(cfg, { channel, chatType, sessionKey }) === "allow") request.deliver = deliver;
  // A platform without ids cannot repeat itself; each of its messages is a new one.
  return {
    request,
    key: { channel, accountId, messageId: ctx.MessageSidFull ?? ctx.MessageSid ?? newUuid() },
  };
}

/** The agent that a session key names. */
export function agentOfKey(sessionKey: string): string | undefined {
  return /^agent:([^:]+):./.exec(sessionKey)?.[1];
}

/** Passes what happens in a run to a plugin's callbacks; a callback that throws changes nothing. */
function forwardEvents(agent: AgentRuntime, runId: string, params: DispatchParams): Disposable {
  const { replyOptions, dispatcherOptions } = params;
  let started = false;
  const begin = () => {
    if (started) return;
    started = true;
    replyOptions?.onAgentRunStart?.(runId);
    void replyOptions?.onReplyStart?.();
    void dispatcherOptions.onReplyStart?.();
  };
  return agent.onEvent((event: AgentEvent) => {
    if (event.runId !== runId) return;
    if (event.stream === "lifecycle" && event.data["phase"] === "start") begin();
    if (event.stream === "assistant") {
      begin();
      const text = asText(event.data["text"]) ?? "";
      const delta = asText(event.data["delta"]);
      void replyOptions?.onPartialReply?.(delta === undefined ? { text } : { text, delta });
    }
    if (event.stream === "tool" && event.data["phase"] === "start") {
      void replyOptions?.onToolStart?.(
        definedFields({
          name: asText(event.data["name"]),
          phase: "start",
          toolCallId: asText(event.data["toolCallId"]),
        }) as { name?: string; phase?: string; toolCallId?: string },
      );
    }
  });
}

/** What survives a restart: functions, buffers and cycles do not. */
function jsonOf(ctx: MsgContext): MsgContext {
  try {
    return JSON.parse(JSON.stringify(ctx)) as MsgContext;
  } catch {
    return Object.fromEntries(
      Object.entries(ctx).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value)),
    );
  }
}

export interface ReplyDispatcher {
  sendToolResult(payload: ChannelReplyPayload): boolean;
  sendBlockReply(payload: ChannelReplyPayload): boolean;
  sendFinalReply(payload: ChannelReplyPayload): boolean;
  waitForIdle(): Promise<void>;
  getQueuedCounts(): Record<ReplyKind, number>;
  getFailedCounts(): Record<ReplyKind, number>;
  markComplete(): void;
  /** The options it was made from: how `dispatchReplyFromConfig` reaches `deliver`. */
  readonly options: ReplyDispatcherOptions;
}

/** One serial chain of deliveries (spec 1.18.11). */
export function createReplyDispatcher(options: ReplyDispatcherOptions): ReplyDispatcher {
  const queued: Record<ReplyKind, number> = { tool: 0, block: 0, final: 0 };
  const failed: Record<ReplyKind, number> = { tool: 0, block: 0, final: 0 };
  let tail: Promise<void> = Promise.resolve();
  const send = (kind: ReplyKind, payload: ChannelReplyPayload): boolean => {
    const hasMedia = payload.mediaUrl !== undefined || (payload.mediaUrls?.length ?? 0) > 0;
    if (!payload.text?.trim() && !hasMedia) {
      options.onSkip?.(payload, { kind, reason: "empty" });
      return false;
    }
    queued[kind] += 1;
    const prefixed =
      options.responsePrefix && payload.text ? `${options.responsePrefix} ${payload.text}` : payload.text;
    const ready = prefixed === undefined ? payload : { ...payload, text: prefixed };
    tail = tail.then(async () => {
      try {
        await options.deliver(ready, { kind });
      } catch (error) {
        failed[kind] += 1;
        options.onError?.(error, { kind });
      }
    });
    return true;
  };
  return {
    sendToolResult: (payload) => send("tool", payload),
    sendBlockReply: (payload) => send("block", payload),
    sendFinalReply: (payload) => send("final", payload),
    waitForIdle: () => tail,
    getQueuedCounts: () => ({ ...queued }),
    getFailedCounts: () => ({ ...failed }),
    markComplete: () => void tail.then(() => options.onIdle?.()),
    options,
  };
}
