import { Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import { isMainSession, MAX_HISTORY_LIMIT, publicEntry } from "../../runtime/sessions/index.ts";
import type { SessionRecord } from "../../store/procedures/session-rows.ts";
import { MAX_MESSAGE_SUBSCRIPTIONS } from "../events/hub.ts";
import { type MethodContext, type MethodGroup, method } from "../rpc/method.ts";
import { receiverOf, tellCommand } from "./conversation.ts";
import { listResult, PatchParams, splitPatch } from "./session-shapes.ts";

const closed = { additionalProperties: false } as const;
const open = { additionalProperties: true } as const;
const Text = Type.String({ minLength: 1 });
const Any = Type.Optional(Type.Unknown());
const Row = Type.Object({ key: Type.String(), kind: Type.String() }, open);

const ListParams = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
    offset: Type.Optional(Type.Integer({ minimum: 0 })),
    agentId: Type.Optional(Text),
    search: Type.Optional(Type.String({ maxLength: 512 })),
    label: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
    archived: Type.Optional(Type.Union([Type.Boolean(), Type.Literal("all")])),
    activeMinutes: Type.Optional(Type.Integer({ minimum: 1 })),
    sortBy: Type.Optional(Type.String()),
    includeDerivedTitles: Type.Optional(Type.Boolean()),
    includeLastMessage: Type.Optional(Type.Boolean()),
    requireLastInteraction: Any,
    includeGlobal: Any,
    includeUnknown: Any,
    configuredAgentsOnly: Any,
    boardFace: Any,
    creatorId: Any,
    ownerId: Any,
    ownerFirst: Any,
    involvingMe: Any,
    involvingProfileId: Any,
    includePeople: Any,
    spawnedBy: Any,
  },
  closed,
);

const list = method({
  name: "sessions.list",
  scope: "operator.read",
  params: ListParams,
  result: Type.Object({ ts: Type.Integer(), count: Type.Integer(), sessions: Type.Array(Row) }, open),
  summary: "Lists sessions, pinned first, then by last update.",
  idempotent: true,
  handler: (context, params) => listResult(context, params),
});

const subscribe = method({
  name: "sessions.subscribe",
  scope: "operator.read",
  params: ListParams,
  result: Type.Object({ subscribed: Type.Literal(true) }, open),
  summary: "Sends session changes and messages to this connection, and the list when one is asked for.",
  idempotent: true,
  async handler(context, params) {
    // Subscribed before the list is read: nothing falls between the two.
    const receiver = receiverOf(context);
    if (receiver) receiver.subscriptions.sessions = true;
    if (Object.keys(params).length === 0) return { subscribed: true as const };
    return { subscribed: true as const, list: await listResult(context, params) };
  },
});

const messagesSubscribe = method({
  name: "sessions.messages.subscribe",
  scope: "operator.read",
  params: Type.Object({ key: Text, agentId: Type.Optional(Text), includeApprovals: Any }, closed),
  result: Type.Object({ subscribed: Type.Literal(true), key: Type.String() }),
  summary: "Sends the messages of one session to this connection.",
  idempotent: true,
  handler(context, params) {
    const { sessionKey } = context.services.sessions.key(params.key, params.agentId);
    if (receiverOf(context)?.subscriptions.followMessages(sessionKey) === false) {
      throw new SluiceError(
        "INVALID_REQUEST",
        `a connection follows at most ${MAX_MESSAGE_SUBSCRIPTIONS} sessions; unsubscribe from one first`,
      );
    }
    return { subscribed: true as const, key: sessionKey };
  },
});

const messagesUnsubscribe = method({
  name: "sessions.messages.unsubscribe",
  scope: "operator.read",
  params: Type.Object({ key: Text, agentId: Type.Optional(Text) }, closed),
  result: Type.Object({ subscribed: Type.Literal(false), key: Type.String() }),
  summary: "Stops sending the messages of one session to this connection.",
  idempotent: true,
  handler(context, params) {
    const { sessionKey } = context.services.sessions.key(params.key, params.agentId);
    receiverOf(context)?.subscriptions.unfollowMessages(sessionKey);
    return { subscribed: false as const, key: sessionKey };
  },
});

const DEFAULT_PREVIEW_ITEMS = 12;
const DEFAULT_PREVIEW_CHARS = 240;
const MAX_PREVIEW_ITEMS = 50;
const MAX_PREVIEW_CHARS = 2_000;

const preview = method({
  name: "sessions.preview",
  scope: "operator.read",
  params: Type.Object(
    {
      keys: Type.Array(Text, { minItems: 1 }),
      limit: Type.Optional(Type.Integer({ minimum: 1 })),
      maxChars: Type.Optional(Type.Integer({ minimum: 20 })),
    },
    closed,
  ),
  result: Type.Object({
    ts: Type.Integer(),
    previews: Type.Array(Type.Object({ key: Type.String() }, open)),
  }),
  summary: "Reads the last messages of several sessions, shortened.",
  idempotent: true,
  async handler({ services }, params) {
    const keys = params.keys.slice(0, 64).map((raw) => services.sessions.key(raw).sessionKey);
    const previews = await services.sessions.previews(
      keys,
      Math.min(params.limit ?? DEFAULT_PREVIEW_ITEMS, MAX_PREVIEW_ITEMS),
      Math.min(params.maxChars ?? DEFAULT_PREVIEW_CHARS, MAX_PREVIEW_CHARS),
    );
    return { ts: services.clock.now(), previews };
  },
});

const describe = method({
  name: "sessions.describe",
  scope: "operator.read",
  params: Type.Object(
    { key: Text, agentId: Type.Optional(Text), includeDerivedTitles: Any, includeLastMessage: Any },
    closed,
  ),
  result: Type.Object({ session: Type.Union([Row, Type.Null()]) }),
  summary: "Describes one session.",
  idempotent: true,
  async handler({ services }, params) {
    const { sessionKey, agentId } = services.sessions.key(params.key, params.agentId);
    const session = await services.sessions.get(sessionKey);
    return {
      session: session ? services.sessions.row(session, await services.sessions.defaults(agentId)) : null,
    };
  },
});

const get = method({
  name: "sessions.get",
  scope: "operator.read",
  params: Type.Object(
    {
      key: Text,
      agentId: Type.Optional(Text),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_HISTORY_LIMIT })),
    },
    closed,
  ),
  result: Type.Object({ messages: Type.Array(Type.Unknown()) }),
  summary: "Reads the messages of one session.",
  idempotent: true,
  async handler({ services }, params) {
    const { sessionKey } = services.sessions.key(params.key, params.agentId);
    const page = await services.sessions.history({
      sessionKey,
      ...(params.limit === undefined ? {} : { limit: params.limit }),
    });
    return { messages: page?.messages ?? [] };
  },
});

const resolve = method({
  name: "sessions.resolve",
  scope: "operator.read",
  params: Type.Object(
    {
      key: Type.Optional(Text),
      sessionId: Type.Optional(Text),
      label: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
      agentId: Type.Optional(Text),
      allowMissing: Type.Optional(Type.Boolean()),
      shortId: Any,
      slugHint: Any,
      reference: Any,
      spawnedBy: Any,
      includeGlobal: Any,
      includeUnknown: Any,
    },
    closed,
  ),
  result: Type.Object({ ok: Type.Boolean() }, open),
  summary: "Finds a session by key, session id or label.",
  idempotent: true,
  async handler({ services }, params) {
    const given = [params.key, params.sessionId, params.label].filter((value) => value !== undefined);
    if (given.length !== 1) {
      throw new SluiceError("INVALID_REQUEST", "give exactly one of key, sessionId, label");
    }
    const found = await findSession({ services }, params);
    if (found) {
      const displayName = found.entry["displayName"];
      return {
        ok: true,
        key: found.sessionKey,
        agentId: found.agentId,
        ...(typeof displayName === "string" ? { displayName } : {}),
      };
    }
    if (params.allowMissing) return { ok: false };
    throw new SluiceError("INVALID_REQUEST", `No session found: ${given[0]}`);
  },
});

async function findSession(
  { services }: Pick<MethodContext, "services">,
  params: {
    key?: string | undefined;
    sessionId?: string | undefined;
    label?: string | undefined;
    agentId?: string | undefined;
  },
): Promise<SessionRecord | undefined> {
  if (params.key !== undefined) {
    return services.sessions.get(services.sessions.key(params.key, params.agentId).sessionKey);
  }
  const { agentId } = services.sessions.key("main", params.agentId);
  return services.store.call.sessions.find({
    agentId,
    ...(params.sessionId === undefined ? {} : { sessionId: params.sessionId }),
    ...(params.label === undefined ? {} : { label: params.label }),
  });
}

const EntryResult = Type.Object(
  { ok: Type.Literal(true), key: Type.String(), entry: Type.Object({}, open) },
  open,
);

const create = method({
  name: "sessions.create",
  scope: "operator.write",
  params: Type.Object(
    {
      key: Type.Optional(Text),
      agentId: Type.Optional(Text),
      label: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
      displayName: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
      model: Type.Optional(Text),
      thinkingLevel: Type.Optional(Text),
      idempotencyKey: Type.Optional(Text),
      message: Type.Optional(Type.String()),
      task: Type.Optional(Type.String()),
    },
    open,
  ),
  result: EntryResult,
  summary: "Creates a session, with a first message when one is given.",
  idempotent: true,
  async handler({ services }, params) {
    const name = params.key ?? `dashboard:${params.idempotencyKey ?? newUuid()}`;
    const key = services.sessions.key(name, params.agentId);
    const patch = await services.sessions.validated({
      ...(params.displayName ? { displayName: params.displayName } : {}),
      ...(params.model ? { model: params.model } : {}),
      ...(params.thinkingLevel ? { thinkingLevel: params.thinkingLevel } : {}),
    });
    const session = await services.sessions.patch(key, {
      patch,
      ...(params.label ? { label: params.label } : {}),
    });
    const base = {
      ok: true as const,
      key: key.sessionKey,
      sessionId: session.sessionId,
      entry: publicEntry(session),
    };
    const text = params.message ?? params.task;
    if (!text) return { ...base, runStarted: false };
    const accepted = await services.agent.accept({
      runId: params.idempotencyKey ?? newUuid(),
      ...key,
      origin: "chat",
      text,
    });
    return {
      ...base,
      runStarted: true,
      runId: accepted.runId,
      ...(accepted.messageSeq === undefined ? {} : { messageSeq: accepted.messageSeq }),
    };
  },
});

const patch = method({
  name: "sessions.patch",
  scope: (params) => (needsAdmin(params) ? "operator.admin" : "operator.write"),
  params: PatchParams,
  result: EntryResult,
  summary: "Changes a session's label, model, levels and flags; `null` clears an override.",
  idempotent: true,
  async handler({ services }, params) {
    const {
      key: rawKey,
      agentId,
      ...fields
    } = params as Record<string, unknown> & { key: string; agentId?: string };
    const key = services.sessions.key(rawKey, agentId);
    const changes = splitPatch(fields, services.clock.now());
    if (changes.archived !== undefined && changes.expectedSessionId === undefined) {
      throw new SluiceError("INVALID_REQUEST", "archiving and restoring need expectedSessionId");
    }
    if (changes.archived === true && !isMainSession(key.sessionKey, services.sessions.mainKey)) {
      await services.agent.abort({ sessionKey: key.sessionKey, reason: "archive" });
      await services.agent.whenIdle(key.sessionKey);
    }
    const session = await services.sessions.patch(key, {
      ...changes,
      patch: await services.sessions.validated(changes.patch),
    });
    const row = services.sessions.row(session, await services.sessions.defaults(key.agentId));
    return {
      ok: true as const,
      key: key.sessionKey,
      entry: publicEntry(session),
      resolved: { modelProvider: row["modelProvider"], model: row["model"] },
    };
  },
});

/** Fields that widen what an agent may do are for administrators (spec 3.4). */
function needsAdmin(params: unknown): boolean {
  return ["execHost", "execSecurity", "execAsk", "execNode", "elevatedLevel", "permissionMode"].some(
    (field) => (params as Record<string, unknown>)[field] !== undefined,
  );
}

const reset = method({
  name: "sessions.reset",
  scope: "operator.admin",
  params: Type.Object(
    {
      key: Text,
      agentId: Type.Optional(Text),
      reason: Type.Optional(Type.Union([Type.Literal("new"), Type.Literal("reset")])),
      expectedSessionId: Type.Optional(Text),
    },
    closed,
  ),
  result: EntryResult,
  summary: "Starts a conversation afresh; stops its turns first and keeps its settings.",
  async handler({ services }, params) {
    const key = services.sessions.key(params.key, params.agentId);
    await tellCommand(services, key.sessionKey, params.reason ?? "reset", "sessions.reset");
    const session = await services.sessions.reset(key, {
      ...(params.reason ? { reason: params.reason } : {}),
      ...(params.expectedSessionId ? { expectedSessionId: params.expectedSessionId } : {}),
    });
    services.systemEvents.discard(key.sessionKey);
    return { ok: true as const, key: key.sessionKey, entry: publicEntry(session) };
  },
});

const remove = method({
  name: "sessions.delete",
  scope: "operator.admin",
  params: Type.Object(
    {
      key: Text,
      agentId: Type.Optional(Text),
      deleteTranscript: Type.Optional(Type.Boolean()),
      expectedSessionId: Type.Optional(Text),
      expectedLifecycleRevision: Type.Optional(Text),
      expectedSessionUpdatedAt: Type.Optional(Type.Number({ minimum: 0 })),
      emitLifecycleHooks: Type.Optional(Type.Boolean()),
      archivedOnly: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
  result: Type.Object({
    ok: Type.Literal(true),
    key: Type.String(),
    deleted: Type.Boolean(),
    archived: Type.Array(Type.String()),
  }),
  summary: "Deletes a session and, unless told otherwise, its transcript.",
  idempotent: true,
  async handler({ services }, params) {
    const key = services.sessions.key(params.key, params.agentId);
    const result = await services.sessions.delete(key, {
      ...(params.deleteTranscript === undefined ? {} : { deleteTranscript: params.deleteTranscript }),
      ...(params.expectedSessionId ? { expectedSessionId: params.expectedSessionId } : {}),
      ...(params.expectedLifecycleRevision
        ? { expectedLifecycleRevision: params.expectedLifecycleRevision }
        : {}),
      ...(params.expectedSessionUpdatedAt === undefined
        ? {}
        : { expectedUpdatedAt: params.expectedSessionUpdatedAt }),
      ...(params.archivedOnly ? { archivedOnly: true } : {}),
    });
    return { ok: true as const, key: key.sessionKey, ...result };
  },
});

const group: MethodGroup = [
  list,
  subscribe,
  messagesSubscribe,
  messagesUnsubscribe,
  preview,
  describe,
  get,
  resolve,
  create,
  patch,
  reset,
  remove,
];
export default group;
