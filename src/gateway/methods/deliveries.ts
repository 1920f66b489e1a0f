import { type Static, Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import type { InboxRecord } from "../../store/procedures/inbox-rows.ts";
import type { OutboxRecord } from "../../store/procedures/outbox-rows.ts";
import type { TurnRow } from "../../store/procedures/turn-listing.ts";
import { INBOX_STATUSES, OUTBOX_STATUSES, type TurnStatus } from "../../store/records.ts";
import { type MethodGroup, method } from "../rpc/method.ts";
import type { GatewayServices } from "../services.ts";

/** Text shown of a message; the rest is in `explain`. */
const PREVIEW_LENGTH = 200;
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

const TURN_STATUSES: readonly TurnStatus[] = ["queued", "running", "done", "failed", "aborted"];

const DeliveryRow = Type.Object({
  id: Type.String(),
  kind: Type.Enum(["inbox", "outbox", "turn"]),
  channel: Type.Optional(Type.String()),
  accountId: Type.Optional(Type.String()),
  to: Type.Optional(Type.String()),
  sessionKey: Type.Optional(Type.String()),
  runId: Type.Optional(Type.String()),
  status: Type.String(),
  reason: Type.Optional(Type.String()),
  attempts: Type.Integer(),
  createdAt: Type.Integer(),
  text: Type.Optional(Type.String()),
});
type DeliveryRow = Static<typeof DeliveryRow>;

const ById = Type.Object(
  { id: Type.String({ minLength: 1, maxLength: 512 }) },
  { additionalProperties: false },
);

const list = method({
  name: "deliveries.list",
  scope: "operator.read",
  params: Type.Object(
    {
      status: Type.Optional(
        Type.Enum([...new Set<string>([...INBOX_STATUSES, ...OUTBOX_STATUSES, ...TURN_STATUSES])]),
      ),
      kind: Type.Optional(Type.Enum(["inbox", "outbox", "turn"])),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT })),
    },
    { additionalProperties: false },
  ),
  result: Type.Object({ deliveries: Type.Array(DeliveryRow) }),
  summary:
    "Lists accepted messages and turns in one state, the newest first; by default those that are dead.",
  idempotent: true,
  handler: async ({ services }, params) => {
    const status = params.status ?? "dead";
    const limit = params.limit ?? DEFAULT_LIMIT;
    const { call } = services.store;
    const wants = (kind: string) => params.kind === undefined || params.kind === kind;
    // A turn has no state `dead`: the one that needs somebody's attention is `failed`.
    const turnStatus = status === "dead" ? "failed" : status;
    const [inbox, outbox, turns] = await Promise.all([
      wants("inbox") && isOneOf(INBOX_STATUSES, status) ? call.inbox.list({ status, limit }) : [],
      wants("outbox") && isOneOf(OUTBOX_STATUSES, status) ? call.outbox.list({ status, limit }) : [],
      wants("turn") && isOneOf(TURN_STATUSES, turnStatus)
        ? call.turnListing.list({ status: turnStatus, limit })
        : [],
    ]);
    const rows = [...inbox.map(fromInbox), ...outbox.map(fromOutbox), ...turns.map(fromTurn)];
    rows.sort((left, right) => right.createdAt - left.createdAt);
    return { deliveries: rows.slice(0, limit) };
  },
});

const explain = method({
  name: "deliveries.explain",
  scope: "operator.read",
  params: ById,
  result: Type.Object({ delivery: DeliveryRow, record: Type.Unknown() }),
  summary: "Tells everything that is known about one message or turn.",
  idempotent: true,
  handler: async ({ services }, { id }) => {
    const found = await find(services, id);
    return { delivery: found.row, record: services.redactor.value(found.record) };
  },
});

const replay = method({
  name: "deliveries.replay",
  scope: "operator.write",
  params: ById,
  result: Type.Object({ ok: Type.Literal(true), id: Type.String(), kind: Type.String() }),
  summary: "Puts a dead message back in its queue, or asks a failed turn's question again as a new turn.",
  handler: async ({ services }, { id }) => {
    const { row } = await find(services, id);
    const done =
      row.kind === "inbox"
        ? await services.deliveries.replayInbox(id)
        : row.kind === "outbox"
          ? await services.deliveries.replayOutbox(id)
          : await replayTurn(services, id);
    if (!done) {
      throw new SluiceError<ErrorCode>(
        "INVALID_REQUEST",
        `${row.kind} ${id} is ${row.status}; only what failed for good can be replayed`,
        { details: { id, status: row.status } },
      );
    }
    return { ok: true as const, id, kind: row.kind };
  },
});

/** Asks the same question again. The inbox row stays with the first turn: one row, one turn. */
async function replayTurn(services: GatewayServices, runId: string): Promise<boolean> {
  const turn = await services.store.call.turnListing.explain({ runId });
  if (!turn || (turn.status !== "failed" && turn.status !== "aborted")) return false;
  const { inboxId: _inboxId, ...request } = turn.request;
  await services.agent.accept({ ...request, runId: newUuid() });
  return true;
}

async function find(services: GatewayServices, id: string): Promise<{ row: DeliveryRow; record: object }> {
  const { call } = services.store;
  const outbox = await call.outbox.explain({ outboxId: id });
  if (outbox) return { row: fromOutbox(outbox), record: outbox };
  const inbox = await call.inbox.explain({ inboxId: id });
  if (inbox) return { row: fromInbox(inbox), record: inbox };
  const turn = await call.turnListing.explain({ runId: id });
  if (turn) return { row: fromTurn(turn), record: turn };
  throw new SluiceError<ErrorCode>("INVALID_REQUEST", `no message or turn has the id ${id}`, {
    details: { id },
  });
}

function fromInbox(record: InboxRecord): DeliveryRow {
  const message = (record.payload as { message?: { text?: unknown } } | null)?.message;
  return {
    id: record.inboxId,
    kind: "inbox",
    channel: record.channel,
    accountId: record.accountId,
    to: record.conversation,
    status: record.status,
    attempts: record.attempts,
    createdAt: record.receivedAt,
    ...optional("sessionKey", record.sessionKey),
    ...optional("runId", record.runId),
    ...optional("reason", record.reason),
    ...optional("text", preview(message?.text)),
  };
}

function fromOutbox(record: OutboxRecord): DeliveryRow {
  return {
    id: record.outboxId,
    kind: "outbox",
    channel: record.channel,
    accountId: record.accountId,
    to: record.to,
    status: record.status,
    attempts: record.attempts,
    createdAt: record.createdAt,
    ...optional("sessionKey", record.sessionKey),
    ...optional("runId", record.runId),
    ...optional("reason", record.reason ?? record.lastError),
    ...optional("text", preview(record.content ?? record.chunks.join("\n"))),
  };
}

function fromTurn(row: TurnRow): DeliveryRow {
  return {
    id: row.runId,
    kind: "turn",
    channel: row.request.deliver?.channel ?? row.origin,
    status: row.status,
    attempts: row.attempts,
    createdAt: row.createdAt,
    sessionKey: row.sessionKey,
    runId: row.runId,
    ...optional("to", row.request.deliver?.to),
    ...optional("reason", row.outcome?.error?.message ?? row.outcome?.stopReason),
    ...optional("text", preview(row.request.text)),
  };
}

function optional<Key extends string>(key: Key, value: string | undefined): { [K in Key]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: string };
}

function preview(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  return text.length > PREVIEW_LENGTH ? `${text.slice(0, PREVIEW_LENGTH)}…` : text;
}

function isOneOf<T extends string>(values: readonly T[], value: string): value is T {
  return (values as readonly string[]).includes(value);
}

export default [list, explain, replay] satisfies MethodGroup;
