import { Type } from "typebox";
import type { ChannelAccountSnapshot } from "../../contracts/channel.ts";
import { SluiceError } from "../../kernel/errors.ts";
import {
  MAX_PENDING_PAIRINGS,
  PAIRING_CODE_LIFETIME_MS,
  type PairingRecord,
} from "../../store/procedures/channel-pairing.ts";
import { type MethodContext, type MethodGroup, method } from "../rpc/method.ts";

/** How long `send` waits for the platform before it says that the message is queued. */
const SEND_WAIT_MS = 30_000;
const MAX_MESSAGE = 1_000_000;

const Id = Type.String({ minLength: 1, maxLength: 512 });
const OneAccount = Type.Object(
  { channel: Id, accountId: Type.Optional(Id) },
  { additionalProperties: false },
);

const status = method({
  name: "channels.status",
  scope: "operator.read",
  params: Type.Object(
    {
      probe: Type.Optional(Type.Boolean()),
      timeoutMs: Type.Optional(Type.Integer({ minimum: 0 })),
      channel: Type.Optional(Id),
    },
    { additionalProperties: false },
  ),
  result: Type.Object({
    ts: Type.Integer(),
    channelOrder: Type.Array(Type.String()),
    channelLabels: Type.Record(Type.String(), Type.String()),
    channels: Type.Record(Type.String(), Type.Unknown()),
    channelAccounts: Type.Record(Type.String(), Type.Array(Type.Unknown())),
    channelDefaultAccountId: Type.Record(Type.String(), Type.String()),
  }),
  summary: "Tells how every channel account is: configured, running, connected, last error.",
  idempotent: true,
  handler: ({ services }, params) => {
    const rows = services.channels
      .status()
      .filter((row) => params.channel === undefined || row.id === params.channel);
    const by = <Value>(pick: (row: (typeof rows)[number]) => Value) =>
      Object.fromEntries(rows.map((row) => [row.id, pick(row)]));
    return {
      ts: services.clock.now(),
      channelOrder: rows.map((row) => row.id),
      channelLabels: by((row) => row.label),
      channels: by((row) => ({ configured: row.accounts.length > 0, accounts: row.accounts.length })),
      channelAccounts: by((row) => row.accounts.map((account) => shown(account, services.redactor))),
      channelDefaultAccountId: by((row) => row.defaultAccountId),
    };
  },
});

const start = method({
  name: "channels.start",
  scope: "operator.admin",
  params: OneAccount,
  result: Type.Object({
    channel: Type.String(),
    accountId: Type.String(),
    started: Type.Boolean(),
    outcome: Type.Object({ status: Type.String(), reason: Type.Optional(Type.String()) }),
  }),
  summary: "Starts one channel account.",
  idempotent: true,
  handler: async ({ services }, { channel, accountId }) => {
    const account = await services.channels.startAccount(channel, accountId);
    const started = account.running === true;
    return {
      channel,
      accountId: account.accountId,
      started,
      outcome: started
        ? { status: "handed-off" }
        : { status: "skipped", ...(account.lastError === undefined ? {} : { reason: account.lastError }) },
    };
  },
});

const stop = method({
  name: "channels.stop",
  scope: "operator.admin",
  params: OneAccount,
  result: Type.Object({ channel: Type.String(), accountId: Type.String(), stopped: Type.Boolean() }),
  summary: "Stops one channel account until it is started again.",
  idempotent: true,
  handler: async ({ services }, { channel, accountId }) => {
    const account = await services.channels.stopAccount(channel, accountId);
    return { channel, accountId: account.accountId, stopped: account.running !== true };
  },
});

const PairingAccount = Type.Object({
  channel: Type.String(),
  channelLabel: Type.String(),
  accountId: Type.String(),
  notifySupported: Type.Boolean(),
});

const pairingList = method({
  name: "channels.pairing.list",
  scope: "operator.pairing",
  params: Type.Object(
    { channel: Type.Optional(Id), accountId: Type.Optional(Id) },
    { additionalProperties: false },
  ),
  result: Type.Object({
    accounts: Type.Array(PairingAccount),
    requests: Type.Array(
      Type.Object({
        requestId: Type.String(),
        channel: Type.String(),
        channelLabel: Type.String(),
        accountId: Type.String(),
        senderId: Type.String(),
        senderLabel: Type.String(),
        createdAt: Type.String(),
        lastSeenAt: Type.String(),
        expiresAt: Type.String(),
        notifySupported: Type.Boolean(),
      }),
    ),
    commandOwnerConfigured: Type.Boolean(),
    limits: Type.Object({ pendingPerAccount: Type.Integer(), ttlMs: Type.Integer() }),
  }),
  summary: "Lists the senders that wait for an approval.",
  idempotent: true,
  handler: async ({ services }, params) => {
    const rows = await services.store.call.channelPairing.list({ ...params, now: services.clock.now() });
    const channels = services.channels.status();
    const labelOf = (id: string) => channels.find((row) => row.id === id)?.label ?? id;
    const accounts = channels
      .filter((row) => params.channel === undefined || row.id === params.channel)
      .flatMap((row) =>
        row.accounts.map(({ accountId }) => ({
          channel: row.id,
          channelLabel: row.label,
          accountId,
          notifySupported: services.channels.tellsApproval(row.id),
        })),
      );
    return {
      accounts,
      requests: rows.map((row) => ({
        requestId: row.code,
        channel: row.channel,
        channelLabel: labelOf(row.channel),
        accountId: row.accountId,
        senderId: row.senderId,
        senderLabel: senderLabel(row),
        createdAt: new Date(row.createdAt).toISOString(),
        lastSeenAt: new Date(row.lastSeenAt).toISOString(),
        expiresAt: new Date(row.expiresAt ?? row.createdAt).toISOString(),
        notifySupported: services.channels.tellsApproval(row.channel),
      })),
      commandOwnerConfigured: Array.isArray(commandsOf(services)["ownerAllowFrom"]),
      limits: { pendingPerAccount: MAX_PENDING_PAIRINGS, ttlMs: PAIRING_CODE_LIFETIME_MS },
    };
  },
});

/** A request is named by its id or by the code that the sender was given; they are the same text. */
const PairingChoice = Type.Object(
  {
    channel: Id,
    accountId: Type.Optional(Id),
    requestId: Type.Optional(Id),
    code: Type.Optional(Id),
    notify: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

const pairingApprove = method({
  name: "channels.pairing.approve",
  scope: "operator.pairing",
  params: PairingChoice,
  result: Type.Object({
    requestId: Type.String(),
    senderId: Type.String(),
    notification: Type.String(),
    commandOwnerBootstrap: Type.String(),
  }),
  summary: "Lets a sender in that showed this pairing code.",
  handler: async ({ services }, params) => {
    const code = codeOf(params);
    const approved = await services.channels.approvePairing({
      channel: params.channel,
      code,
      ...(params.accountId === undefined ? {} : { accountId: params.accountId }),
      ...(params.notify === undefined ? {} : { notify: params.notify }),
    });
    if (!approved) throw unknownCode(params.channel, code);
    return {
      requestId: code,
      senderId: approved.senderId,
      notification: approved.notification,
      commandOwnerBootstrap: "not-requested",
    };
  },
});

const pairingDismiss = method({
  name: "channels.pairing.dismiss",
  scope: "operator.pairing",
  params: PairingChoice,
  result: Type.Object({ requestId: Type.String(), senderId: Type.String() }),
  summary: "Forgets a sender's request without letting them in.",
  handler: async ({ services }, params) => {
    const code = codeOf(params);
    const { channelPairing } = services.store.call;
    const account = params.accountId === undefined ? {} : { accountId: params.accountId };
    const rows = await channelPairing.list({
      channel: params.channel,
      ...account,
      now: services.clock.now(),
    });
    const row = rows.find((candidate) => candidate.code === code.trim().toUpperCase());
    if (!row || !(await channelPairing.dismiss({ channel: params.channel, ...account, code }))) {
      throw unknownCode(params.channel, code);
    }
    return { requestId: code, senderId: row.senderId };
  },
});

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

export default [status, start, stop, pairingList, pairingApprove, pairingDismiss, send] satisfies MethodGroup;

function shown(account: ChannelAccountSnapshot, redactor: { value(value: unknown): unknown }): unknown {
  return redactor.value(account);
}

function commandsOf(services: MethodContext["services"]): Record<string, unknown> {
  const commands = services.config.current().config["commands"];
  return typeof commands === "object" && commands !== null ? (commands as Record<string, unknown>) : {};
}

function senderLabel(row: PairingRecord): string {
  const name = row.meta?.["name"] ?? row.meta?.["username"];
  return typeof name === "string" && name !== "" ? name : row.senderId;
}

function codeOf(params: { requestId?: string; code?: string }): string {
  const code = params.code ?? params.requestId;
  if (code === undefined)
    throw new SluiceError("INVALID_REQUEST", "give the pairing code, or the requestId of the list");
  return code;
}

function unknownCode(channel: string, code: string): SluiceError {
  return new SluiceError(
    "INVALID_REQUEST",
    `no sender of ${channel} waits with the code ${code}; codes last an hour, channels.pairing.list shows those that are open`,
  );
}

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
