import { Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import { isMainSession, publicEntry } from "../../runtime/sessions/index.ts";
import { type MethodGroup, method } from "../rpc/method.ts";
import { tellCommand } from "./conversation.ts";
import { PatchParams, splitPatch } from "./session-shapes.ts";
import { closed, open, Text } from "./shapes.ts";

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
    const patch = await services.sessions.validated(
      {
        ...(params.displayName ? { displayName: params.displayName } : {}),
        ...(params.model ? { model: params.model } : {}),
        ...(params.thinkingLevel ? { thinkingLevel: params.thinkingLevel } : {}),
      },
      key.agentId,
    );
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
      patch: await services.sessions.validated(changes.patch, key.agentId),
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

const group: MethodGroup = [create, patch, reset, remove];
export default group;
