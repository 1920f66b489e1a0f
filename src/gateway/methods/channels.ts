import { Type } from "typebox";
import type { ChannelAccountSnapshot } from "../../contracts/channel.ts";
import { type MethodGroup, method } from "../rpc/method.ts";
import { Id } from "./shapes.ts";

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

export default [status, start, stop] satisfies MethodGroup;

function shown(account: ChannelAccountSnapshot, redactor: { value(value: unknown): unknown }): unknown {
  return redactor.value(account);
}
