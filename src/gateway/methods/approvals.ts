import { Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import { snapshotOf } from "../../runtime/workflow/index.ts";
import { decidedBy } from "../rpc/caller.ts";
import { type MethodGroup, method } from "../rpc/method.ts";
import { closed, Text } from "./shapes.ts";

/** Ended approvals on one page of history. */
export const MAX_HISTORY_PAGE = 100;
const DEFAULT_HISTORY_PAGE = 50;

const Kind = Type.Union([Type.Literal("exec"), Type.Literal("plugin"), Type.Literal("system-agent")]);
const Decision = Type.Union([Type.Literal("allow-once"), Type.Literal("allow-always"), Type.Literal("deny")]);
const Snapshot = Type.Object({ id: Type.String(), status: Type.String() }, { additionalProperties: true });

const get = method({
  name: "approval.get",
  scope: "operator.approvals",
  params: Type.Object({ id: Text, kind: Type.Optional(Kind) }, closed),
  result: Type.Object({ approval: Snapshot }),
  summary: "Shows one approval of any kind, open or ended.",
  idempotent: true,
  handler: async ({ services }, { id }) => ({
    approval: { ...snapshotOf(await services.approvals.get(id)) },
  }),
});

const resolve = method({
  name: "approval.resolve",
  scope: "operator.approvals",
  params: Type.Object(
    {
      id: Text,
      kind: Kind,
      decision: Decision,
      reviewer: Type.Optional(Type.Object({ channel: Text, accountId: Text, senderId: Text }, closed)),
      grantExpiresInDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 })),
    },
    closed,
  ),
  result: Type.Object({ applied: Type.Boolean(), approval: Snapshot }),
  summary: "Decides an approval of any kind; the first answer wins and later ones are told what it was.",
  idempotent: true,
  async handler({ services, caller }, { id, kind, decision, reviewer }) {
    if (kind !== "plugin") {
      throw new SluiceError("INVALID_REQUEST", "approval not found", {
        details: { reason: "APPROVAL_NOT_FOUND" },
      });
    }
    const by = reviewer ? ({ kind: "channel", id: reviewer.senderId } as const) : decidedBy(caller);
    const { applied, record } = await services.approvals.settle(id, decision, by);
    return { applied, approval: { ...snapshotOf(record) } };
  },
});

const history = method({
  name: "approval.history",
  scope: "operator.approvals",
  params: Type.Object(
    {
      cursor: Type.Optional(Type.String({ maxLength: 512 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_HISTORY_PAGE })),
      kind: Type.Optional(Kind),
    },
    closed,
  ),
  result: Type.Object({ items: Type.Array(Snapshot), nextCursor: Type.Optional(Type.String()) }),
  summary: "Lists approvals that ended in the last 30 days, newest first.",
  idempotent: true,
  async handler({ services }, { cursor, limit = DEFAULT_HISTORY_PAGE, kind }) {
    if (kind !== undefined && kind !== "plugin") return { items: [] };
    const before = cursor === undefined ? undefined : readCursor(cursor);
    const rows = await services.store.call.approvals.history({ limit, ...(before ? { before } : {}) });
    const last = rows.at(-1);
    return {
      items: rows.map((row) => ({ ...snapshotOf(row) })),
      ...(last && rows.length === limit ? { nextCursor: `${last.settledAt ?? 0} ${last.id}` } : {}),
    };
  },
});

/** Where the page before ended: the instant and the id of its last approval. */
function readCursor(cursor: string): { settledAt: number; id: string } {
  const match = /^(\d{1,16}) (\S+)$/.exec(cursor);
  if (!match) throw new SluiceError("INVALID_REQUEST", "the cursor is not one that approval.history gave");
  return { settledAt: Number(match[1]), id: match[2] as string };
}

export default [get, resolve, history] satisfies MethodGroup;
