import { Type } from "typebox";
import { type ApproveCommand, readApproveCommand } from "../../channels/inbound/approve-command.ts";
import { emptyUsage } from "../../contracts/messages.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import {
  imagesOf,
  isStopRequest,
  MAX_MESSAGE_CHARS,
  resetRequest,
  sanitizeMessage,
} from "../../runtime/sessions/chat-input.ts";
import { displayMessage, type HistoryPage, MAX_HISTORY_LIMIT } from "../../runtime/sessions/index.ts";
import type { TurnRequest } from "../../store/records.ts";
import { callerHas } from "../rpc/caller.ts";
import { type MethodContext, type MethodGroup, method } from "../rpc/method.ts";
import { ackOf, defaultsOf, joinRun, tellCommand } from "./conversation.ts";

const closed = { additionalProperties: false } as const;
const open = { additionalProperties: true } as const;
const Text = Type.String({ minLength: 1 });
const Any = Type.Optional(Type.Unknown());

export const AttachmentList = Type.Array(
  Type.Object(
    {
      type: Type.Optional(Type.String()),
      mimeType: Type.Optional(Type.String()),
      fileName: Type.Optional(Type.String()),
      content: Type.Optional(Type.Unknown()),
    },
    open,
  ),
);

const ChatSendParams = Type.Object(
  {
    sessionKey: Type.String({ minLength: 1, maxLength: 512 }),
    message: Type.String({ maxLength: MAX_MESSAGE_CHARS }),
    idempotencyKey: Text,
    agentId: Type.Optional(Text),
    sessionId: Type.Optional(Text),
    thinking: Type.Optional(Type.String()),
    queueMode: Type.Optional(
      Type.Union([
        Type.Literal("steer"),
        Type.Literal("followup"),
        Type.Literal("collect"),
        Type.Literal("interrupt"),
      ]),
    ),
    deliver: Type.Optional(Type.Boolean()),
    originatingChannel: Type.Optional(Type.String()),
    originatingTo: Type.Optional(Type.String()),
    originatingAccountId: Type.Optional(Type.String()),
    originatingThreadId: Type.Optional(Type.String()),
    replyToId: Type.Optional(Text),
    attachments: Type.Optional(AttachmentList),
    timeoutMs: Type.Optional(Type.Integer({ minimum: 0 })),
    suppressCommandInterpretation: Type.Optional(Type.Boolean()),
    expectedLeafEntryId: Type.Optional(Type.Union([Text, Type.Null()])),
    intent: Any,
    fastMode: Any,
    fastAutoOnSeconds: Any,
    toolBindings: Any,
    systemInputProvenance: Any,
    systemProvenanceReceipt: Any,
    expectedSessionRoutingContract: Any,
    expectedPermissionMode: Any,
    expectedToolOverrides: Any,
    mentions: Any,
  },
  closed,
);

const ChatAck = Type.Object(
  {
    runId: Type.Optional(Type.String()),
    status: Type.Optional(
      Type.Union([
        Type.Literal("started"),
        Type.Literal("in_flight"),
        Type.Literal("ok"),
        Type.Literal("error"),
      ]),
    ),
    messageSeq: Type.Optional(Type.Integer()),
  },
  open,
);

const send = method({
  name: "chat.send",
  scope: "operator.write",
  params: ChatSendParams,
  result: ChatAck,
  summary: "Sends a message to a session's agent; the answer arrives as `chat` events.",
  idempotent: true,
  async handler(context, params) {
    const { services } = context;
    const key = services.sessions.key(params.sessionKey, params.agentId);
    const text = sanitizeMessage(params.message);
    const images = imagesOf(params.attachments ?? []);
    if (text.trim() === "" && images.length === 0) {
      throw new SluiceError("INVALID_REQUEST", "message or attachment required");
    }
    const commands = params.suppressCommandInterpretation !== true;
    if (commands && isStopRequest(text)) {
      await tellCommand(services, key.sessionKey, "stop", "chat.send");
      return { ok: true, ...(await services.agent.abort({ sessionKey: key.sessionKey, reason: "stop" })) };
    }
    const approval = commands ? readApproveCommand(text) : undefined;
    if (approval) return approve(context, key, params.idempotencyKey, approval);
    await checkSession(context, key.sessionKey, params);
    const reset = commands ? resetRequest(text) : undefined;
    if (reset) {
      const replies = await tellCommand(services, key.sessionKey, reset.reason, "chat.send");
      await services.sessions.reset(key, { reason: reset.reason });
      if (reset.rest === "") return confirmReset(context, key, params.idempotencyKey, text, replies);
    }
    const interrupted =
      params.queueMode === "interrupt" &&
      (await services.agent.abort({ sessionKey: key.sessionKey, reason: "interrupt" })).aborted;
    const request: TurnRequest = {
      runId: params.idempotencyKey,
      ...key,
      origin: "chat",
      text: reset ? reset.rest : text,
      ...(images.length > 0 ? { images } : {}),
      ...(params.thinking ? { thinking: params.thinking } : {}),
      ...(params.timeoutMs === undefined ? {} : { timeoutMs: params.timeoutMs }),
      ...deliveryOf(params),
      context: {
        gatewayClientScopes: [...context.caller.scopes],
        ...(commands ? {} : { suppressCommands: true }),
      },
    };
    joinRun(context, request.runId);
    const accepted = await services.agent.accept(request);
    return { ...ackOf(accepted), ...(interrupted ? { interruptedActiveRun: true } : {}) };
  },
});

/** Send policy and the preconditions a client may state. */
async function checkSession(
  { services }: MethodContext,
  sessionKey: string,
  params: { sessionId?: string | undefined; expectedLeafEntryId?: string | null | undefined },
): Promise<void> {
  const session = await services.sessions.get(sessionKey);
  if (session?.entry["sendPolicy"] === "deny") {
    throw new SluiceError("INVALID_REQUEST", "send blocked by session policy");
  }
  if (params.sessionId !== undefined && session && session.sessionId !== params.sessionId) {
    throw new SluiceError("INVALID_REQUEST", "the session has changed; read it again", {
      details: { reason: "session-changed" },
    });
  }
  if (params.expectedLeafEntryId === undefined) return;
  const page = session && (await services.store.call.transcripts.page({ sessionKey, limit: 1 }));
  if ((page?.entries.at(-1)?.entryId ?? null) !== params.expectedLeafEntryId) {
    throw new SluiceError("INVALID_REQUEST", "the conversation went on; read it again", {
      details: { reason: "active-leaf-changed" },
    });
  }
}

function deliveryOf(params: {
  deliver?: boolean | undefined;
  originatingChannel?: string | undefined;
  originatingTo?: string | undefined;
  originatingAccountId?: string | undefined;
  originatingThreadId?: string | undefined;
  replyToId?: string | undefined;
}): Pick<TurnRequest, "deliver"> {
  const { originatingChannel: channel, originatingTo: to } = params;
  if (params.deliver !== true || !channel || !to) return {};
  return {
    deliver: {
      channel,
      to,
      accountId: params.originatingAccountId ?? "default",
      ...(params.originatingThreadId ? { threadId: params.originatingThreadId } : {}),
      ...(params.replyToId ? { replyToId: params.replyToId } : {}),
    },
  };
}

/** A bare `/new` starts no turn; its confirmation is part of the new conversation. */
async function confirmReset(
  context: MethodContext,
  key: { sessionKey: string; agentId: string },
  runId: string,
  said: string,
  replies: readonly string[],
) {
  const now = context.services.clock.now();
  await context.services.store.call.transcripts.append({
    sessionKey: key.sessionKey,
    now,
    entries: [
      {
        entryId: newUuid(),
        type: "custom",
        idempotencyKey: `${runId}:user`,
        body: JSON.stringify({ customType: "command", data: { text: said } }),
      },
    ],
  });
  publishFinal(context, key, runId, ["Started a new conversation.", ...replies].join("\n\n"));
  return { runId, status: "ok" as const, summary: "reset" };
}

/** `/approve <id> <decision>`: answers a plugin's question while the turn that asked it waits. */
async function approve(
  context: MethodContext,
  key: { sessionKey: string; agentId: string },
  runId: string,
  { id, decision }: ApproveCommand,
) {
  const { services, caller } = context;
  if (!callerHas(caller, "operator.approvals")) {
    throw new SluiceError("FORBIDDEN", "missing scope: operator.approvals");
  }
  const by = caller.client.displayName ?? caller.client.id;
  await services.approvals.resolve(id, decision, { kind: "device", id: by });
  publishFinal(context, key, runId, `Noted: ${decision}.`);
  return { runId, status: "ok" as const, summary: "approval" };
}

function publishFinal(
  { services }: MethodContext,
  key: { sessionKey: string; agentId: string },
  runId: string,
  text: string,
): void {
  const message = { role: "assistant", content: [{ type: "text", text }], timestamp: services.clock.now() };
  const payload = { runId, ...key, seq: 1, state: "final", stopReason: "stop", message };
  services.hub.publish("chat", payload, { sessionKey: key.sessionKey });
}

const ChatHistoryParams = Type.Object(
  {
    sessionKey: Text,
    agentId: Type.Optional(Text),
    cursor: Type.Optional(Type.String()),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_HISTORY_LIMIT })),
    offset: Type.Optional(Type.Integer({ minimum: 0 })),
    messageId: Type.Optional(Text),
    sessionId: Type.Optional(Text),
    maxChars: Type.Optional(Type.Integer({ minimum: 1, maximum: 500_000 })),
    maxBytes: Type.Optional(Type.Integer({ minimum: 1 })),
    pendingBefore: Any,
    inputRunIds: Any,
  },
  closed,
);

const HistoryResult = Type.Object({}, open);

type HistoryInput = {
  sessionKey: string;
  agentId?: string | undefined;
  cursor?: string | undefined;
  limit?: number | undefined;
  offset?: number | undefined;
  messageId?: string | undefined;
  maxChars?: number | undefined;
};

async function readPage(context: MethodContext, params: HistoryInput): Promise<Record<string, unknown>> {
  const { sessions, agent } = context.services;
  const key = sessions.key(params.sessionKey, params.agentId);
  const defaults = await sessions.defaults(key.agentId);
  const maxChars = params.maxChars === undefined ? {} : { maxChars: params.maxChars };
  const inFlightRun = agent.inFlight(key.sessionKey);
  const pendingInputs = { items: [], total: 0 };
  if (params.cursor !== undefined) {
    const delta = await sessions.delta({ sessionKey: key.sessionKey, cursor: params.cursor, ...maxChars });
    if (delta.kind === "reset") return { kind: "reset" };
    return {
      kind: "delta",
      messages: delta.messages.map((message) => sessionMessage(key, message)),
      deltaCursor: delta.deltaCursor,
      pendingInputs,
      sessionInfo: sessions.row(delta.session, defaults),
      ...(inFlightRun ? { inFlightRun } : {}),
    };
  }
  const page: HistoryPage | undefined = await sessions.history({
    sessionKey: key.sessionKey,
    ...maxChars,
    ...(params.limit === undefined ? {} : { limit: params.limit }),
    ...(params.offset === undefined ? {} : { offset: params.offset }),
    ...(params.messageId === undefined ? {} : { aroundMessageId: params.messageId }),
  });
  if (!page) {
    return {
      sessionKey: key.sessionKey,
      messages: [],
      pendingInputs,
      hasMore: false,
      totalMessages: 0,
      defaults: defaultsOf(defaults),
    };
  }
  const { session } = page;
  return {
    sessionKey: key.sessionKey,
    sessionId: session.sessionId,
    messages: page.messages,
    pendingInputs,
    deltaCursor: page.deltaCursor,
    offset: page.offset,
    ...(page.nextOffset === undefined ? {} : { nextOffset: page.nextOffset }),
    hasMore: page.hasMore,
    totalMessages: page.totalMessages,
    defaults: defaultsOf(defaults),
    sessionInfo: sessions.row(session, defaults),
    ...(session.entry["thinkingLevel"] === undefined
      ? {}
      : { thinkingLevel: session.entry["thinkingLevel"] }),
    ...(inFlightRun ? { inFlightRun } : {}),
  };
}

/** A message in the form of a `session.message` payload. */
function sessionMessage(
  key: { sessionKey: string; agentId: string },
  message: { __openclaw: { id: string; seq: number; runId?: unknown } },
) {
  const { id, seq, runId } = message.__openclaw;
  return { ...key, message, messageId: id, messageSeq: seq, ...(runId === undefined ? {} : { runId }) };
}

const history = method({
  name: "chat.history",
  scope: "operator.read",
  params: ChatHistoryParams,
  result: HistoryResult,
  summary: "Reads a page of a conversation, or what came after a cursor.",
  idempotent: true,
  handler: (context, params) => readPage(context, params),
});

const startup = method({
  name: "chat.startup",
  scope: "operator.read",
  params: ChatHistoryParams,
  result: HistoryResult,
  summary: "Reads what a chat window needs at once: a page of the conversation and the metadata.",
  idempotent: true,
  handler: async (context, params) => ({
    ...(await readPage(context, params)),
    metadata: await metadataOf(context),
  }),
});

const metadata = method({
  name: "chat.metadata",
  scope: "operator.read",
  params: Type.Object(
    { agentId: Type.Optional(Text), sessionKey: Type.Optional(Text), authProfileId: Any },
    closed,
  ),
  result: Type.Object({}, open),
  summary: "Lists what a chat window offers: commands and models.",
  idempotent: true,
  handler: (context) => metadataOf(context),
});

async function metadataOf({ services }: MethodContext) {
  const commands = services.registry
    .current()
    .list<{ name: string; description: string; acceptsArgs?: boolean }>("command")
    .map(({ value, pluginId }) => ({
      name: value.name,
      description: value.description,
      source: "plugin",
      pluginId,
      acceptsArgs: value.acceptsArgs === true,
    }));
  const models = await services.models.list("default");
  return { commands, models, swarmEnabled: false };
}

const abort = method({
  name: "chat.abort",
  scope: "operator.write",
  params: Type.Object(
    {
      sessionKey: Text,
      agentId: Type.Optional(Text),
      runId: Type.Optional(Text),
      preserveSideRuns: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
  result: Type.Object({ ok: Type.Literal(true), aborted: Type.Boolean(), runIds: Type.Array(Type.String()) }),
  summary: "Stops the running and waiting turns of a session, or one of them; partial text is kept.",
  idempotent: true,
  async handler({ services }, params) {
    const { sessionKey } = services.sessions.key(params.sessionKey, params.agentId);
    if (params.runId !== undefined) {
      const turn = await services.store.call.turns.get({ runId: params.runId });
      if (turn && turn.sessionKey !== sessionKey) {
        throw new SluiceError("INVALID_REQUEST", `run ${params.runId} belongs to another session`);
      }
    }
    const result = await services.agent.abort({
      sessionKey,
      reason: "rpc",
      ...(params.runId === undefined ? {} : { runId: params.runId }),
    });
    return { ok: true as const, ...result };
  },
});

const inject = method({
  name: "chat.inject",
  scope: "operator.admin",
  params: Type.Object(
    {
      sessionKey: Text,
      agentId: Type.Optional(Text),
      message: Type.String({ minLength: 1, maxLength: MAX_MESSAGE_CHARS }),
      label: Type.Optional(Type.String({ maxLength: 100 })),
    },
    closed,
  ),
  result: Type.Object({ ok: Type.Literal(true), messageId: Type.String() }),
  summary: "Appends a message to a conversation as if the agent had said it.",
  async handler(context, params) {
    const { services } = context;
    const key = services.sessions.key(params.sessionKey, params.agentId);
    const messageId = newUuid();
    const now = services.clock.now();
    const text = params.label ? `[${params.label}] ${params.message}` : params.message;
    const written = await services.store.call.transcripts.append({
      sessionKey: key.sessionKey,
      now,
      entries: [
        {
          entryId: messageId,
          body: JSON.stringify({
            role: "assistant",
            content: [{ type: "text", text: sanitizeMessage(text) }],
            api: "gateway",
            provider: "gateway",
            model: "gateway-injected",
            usage: emptyUsage(),
            stopReason: "stop",
            timestamp: now,
          }),
        },
      ],
    });
    const entry = written?.[0];
    if (!entry) throw new SluiceError("INVALID_REQUEST", `No session found: ${key.sessionKey}`);
    publishFinal(context, key, messageId, text);
    const message = displayMessage(entry);
    if (message) {
      services.hub.publish("session.message", sessionMessage(key, message), { sessionKey: key.sessionKey });
    }
    return { ok: true as const, messageId };
  },
});

const group: MethodGroup = [send, history, startup, metadata, abort, inject];
export default group;
