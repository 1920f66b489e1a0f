import { Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import { MAX_HISTORY_LIMIT } from "../../runtime/sessions/index.ts";
import type { SessionRecord } from "../../store/procedures/session-rows.ts";
import { type MethodContext, type MethodGroup, method } from "../rpc/method.ts";
import { ListParams, listResult } from "./session-shapes.ts";
import { Any, closed, open, Text } from "./shapes.ts";

const Row = Type.Object({ key: Type.String(), kind: Type.String() }, open);

const list = method({
  name: "sessions.list",
  scope: "operator.read",
  params: ListParams,
  result: Type.Object({ ts: Type.Integer(), count: Type.Integer(), sessions: Type.Array(Row) }, open),
  summary: "Lists sessions, pinned first, then by last update.",
  idempotent: true,
  handler: (context, params) => listResult(context, params),
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

const group: MethodGroup = [list, preview, describe, get, resolve];
export default group;
