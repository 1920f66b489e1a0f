import { Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import { MAX_MESSAGE_SUBSCRIPTIONS } from "../events/hub.ts";
import { type MethodGroup, method } from "../rpc/method.ts";
import { receiverOf } from "./conversation.ts";
import { ListParams, listResult } from "./session-shapes.ts";
import { Any, closed, open, Text } from "./shapes.ts";

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

const group: MethodGroup = [subscribe, messagesSubscribe, messagesUnsubscribe];
export default group;
