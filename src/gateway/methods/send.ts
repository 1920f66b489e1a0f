import { Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import { type MethodContext, type MethodGroup, method } from "../rpc/method.ts";
import { Id } from "./shapes.ts";

/** How long `send` waits for the platform before it says that the message is queued. */
const SEND_WAIT_MS = 30_000;
const MAX_MESSAGE = 1_000_000;

const send = method({
  name: "send",
  scope: "operator.write",
  params: Type.Object(
    {
      to: Id,
      message: Type.String({ minLength: 1, maxLength: MAX_MESSAGE }),
      channel: Type.Optional(Id),
      accountId: Type.Optional(Id),
      agentId: Type.Optional(Id),
      replyToId: Type.Optional(Id),
      threadId: Type.Optional(Id),
      silent: Type.Optional(Type.Boolean()),
      sessionKey: Type.Optional(Id),
      idempotencyKey: Id,
    },
    { additionalProperties: false },
  ),
  result: Type.Object({ runId: Type.String(), messageId: Type.String(), channel: Type.String() }),
  summary: "Sends a message on a channel; it is queued durably and sent once per idempotencyKey.",
  idempotent: true,
  parks: true,
  handler: async (context, params) => {
    const { channels } = context.services;
    const channel = params.channel ?? onlyChannel(context);
    const queued = await channels.send({
      channel,
      to: params.to,
      text: params.message,
      idempotencyKey: `send:${params.idempotencyKey}`,
      ...(params.accountId === undefined ? {} : { accountId: params.accountId }),
      ...(params.threadId === undefined ? {} : { threadId: params.threadId }),
      ...(params.replyToId === undefined ? {} : { replyToId: params.replyToId }),
      ...(params.sessionKey === undefined ? {} : { sessionKey: params.sessionKey }),
    });
    const row = await channels.awaitDelivery(queued.outboxId, SEND_WAIT_MS);
    if (row?.status === "delivered") {
      const receipts = (row.receipt ?? []) as { platformMessageIds?: string[] }[];
      const messageId = receipts[0]?.platformMessageIds?.[0] ?? queued.outboxId;
      return { runId: params.idempotencyKey, messageId, channel };
    }
    if (row?.status === "dead" || row?.status === "cancelled") {
      throw new SluiceError(
        "UNAVAILABLE",
        `the message was not delivered: ${row.lastError ?? row.reason ?? row.status}`,
        {
          details: { deliveryId: queued.outboxId, reason: row.reason },
        },
      );
    }
    throw new SluiceError("UNAVAILABLE", "the message is queued and will be sent; do not send it again", {
      details: { code: "OUTBOUND_DELIVERY_QUEUED", deliveryId: queued.outboxId },
    });
  },
});

export default [send] satisfies MethodGroup;

function onlyChannel({ services }: MethodContext): string {
  const configured = services.channels.status().filter((row) => row.accounts.length > 0);
  const [only] = configured;
  if (only && configured.length === 1) return only.id;
  const names = configured.map((row) => row.id).join(", ");
  throw new SluiceError(
    "INVALID_REQUEST",
    names === "" ? "no channel is configured" : `say which channel: ${names}`,
  );
}
