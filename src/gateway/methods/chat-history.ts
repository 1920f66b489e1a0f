import { Type } from "typebox";
import { type HistoryPage, MAX_HISTORY_LIMIT, type Sessions } from "../../runtime/sessions/index.ts";
import { type MethodContext, type MethodGroup, method } from "../rpc/method.ts";
import { defaultsOf, sessionMessage } from "./conversation.ts";
import { Any, closed, open, Text } from "./shapes.ts";

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

/** Readings of one request: a turn may end during each of them. */
const MAX_READINGS = 3;

/**
 * The transcript together with the run in flight when it was read. A run that begins or ends meanwhile would be
 * missing from both or in both, so then it is read again.
 */
async function readPage(context: MethodContext, params: HistoryInput): Promise<Record<string, unknown>> {
  const { sessions, agent } = context.services;
  const key = sessions.key(params.sessionKey, params.agentId);
  for (let reading = 1; ; reading++) {
    const before = agent.inFlight(key.sessionKey);
    const page = await readTranscript(context, params, key);
    const inFlightRun = agent.inFlight(key.sessionKey);
    if (page["kind"] === "reset") return page;
    if (before?.runId === inFlightRun?.runId || reading === MAX_READINGS)
      return { ...page, ...(inFlightRun ? { inFlightRun } : {}) };
  }
}

async function readTranscript(
  { services: { sessions } }: MethodContext,
  params: HistoryInput,
  key: ReturnType<Sessions["key"]>,
): Promise<Record<string, unknown>> {
  const defaults = await sessions.defaults(key.agentId);
  const maxChars = params.maxChars === undefined ? {} : { maxChars: params.maxChars };
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
  };
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

const group: MethodGroup = [history, startup, metadata];
export default group;
