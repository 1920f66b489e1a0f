import { Type } from "typebox";
import { type ApproveCommand, readApproveCommand } from "../../channels/inbound/approve-command.ts";
import { emptyUsage } from "../../contracts/messages.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import {
  displayMessage,
  imagesOf,
  isStopRequest,
  MAX_MESSAGE_CHARS,
  resetRequest,
  sanitizeMessage,
} from "../../runtime/sessions/index.ts";
import type { TurnRequest } from "../../store/records.ts";
import { callerHas, decidedBy } from "../rpc/caller.ts";
import { type MethodContext, type MethodGroup, method } from "../rpc/method.ts";
import {
  ackOf,
  joinRun,
  publishFinal,
  senderOf,
  sessionMessage,
  tellCommand,
  tellReceived,
} from "./conversation.ts";
import { Any, AttachmentList, closed, open, Text } from "./shapes.ts";

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
        clientId: senderOf(context.caller),
        ...(commands ? {} : { suppressCommands: true }),
      },
    };
    joinRun(context, request.runId);
    const accepted = await services.agent.accept(request);
    if (accepted.status === "started") tellReceived(context, request);
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
  await services.approvals.resolve(id, decision, decidedBy(caller));
  publishFinal(context, key, runId, `Noted: ${decision}.`);
  return { runId, status: "ok" as const, summary: "approval" };
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

const group: MethodGroup = [send, abort, inject];
export default group;
