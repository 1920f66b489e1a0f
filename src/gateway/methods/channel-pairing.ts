import { Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import {
  MAX_PENDING_PAIRINGS,
  PAIRING_CODE_LIFETIME_MS,
  type PairingRecord,
} from "../../store/procedures/channel-pairing.ts";
import { type MethodContext, type MethodGroup, method } from "../rpc/method.ts";
import { Id } from "./shapes.ts";

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

export default [pairingList, pairingApprove, pairingDismiss] satisfies MethodGroup;

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
