import type { Transaction } from "../engine/types.ts";
import { bumpCounter } from "./counters.ts";

/** Questions that may be open at once; the next one counts as refused. */
export const MAX_OPEN_APPROVALS = 256;
/** How long a settled question is kept (protocol 5.11). */
export const APPROVAL_HISTORY_MS = 30 * 24 * 60 * 60_000;
/** Old rows deleted each time a question is put. */
const TRIM_BATCH = 16;
const MAX_PAGE = 200;

export type StoredDecision = "allow-once" | "allow-always" | "deny";
/** `refused`: there was nobody to ask, or too much was open. */
export type ApprovalStatus = "pending" | "decided" | "expired" | "cancelled" | "refused";

/** Where a decision came from. */
export type ResolverKind = "device" | "channel" | "runtime" | "system";

export interface ApprovalRecord {
  id: string;
  /** What the operator was shown. */
  request: unknown;
  /** The tool call as it was when it was asked for; what is approved is what runs. */
  params?: unknown;
  runId?: string;
  toolCallId?: string;
  allowed: StoredDecision[];
  status: ApprovalStatus;
  decision?: StoredDecision;
  resolvedBy?: string;
  resolverKind?: ResolverKind;
  createdAt: number;
  expiresAt: number;
  settledAt?: number;
  /** When the call that asked began to act on the allowance; it may not begin twice. */
  usedAt?: number;
}

interface ApprovalRow {
  approval_id: string;
  run_id: string | null;
  tool_call_id: string | null;
  request: string;
  params: string | null;
  allowed: string;
  status: ApprovalStatus;
  decision: StoredDecision | null;
  resolved_by: string | null;
  resolver_kind: ResolverKind | null;
  created_at: number;
  expires_at: number;
  settled_at: number | null;
  used_at: number | null;
}

function toRecord(row: ApprovalRow): ApprovalRecord {
  return {
    id: row.approval_id,
    request: JSON.parse(row.request) as unknown,
    ...(row.params === null ? {} : { params: JSON.parse(row.params) as unknown }),
    ...(row.run_id === null ? {} : { runId: row.run_id }),
    ...(row.tool_call_id === null ? {} : { toolCallId: row.tool_call_id }),
    allowed: row.allowed.split(",") as StoredDecision[],
    status: row.status,
    ...(row.decision === null ? {} : { decision: row.decision }),
    ...(row.resolved_by === null ? {} : { resolvedBy: row.resolved_by }),
    ...(row.resolver_kind === null ? {} : { resolverKind: row.resolver_kind }),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ...(row.settled_at === null ? {} : { settledAt: row.settled_at }),
    ...(row.used_at === null ? {} : { usedAt: row.used_at }),
  };
}

async function read(tx: Transaction, id: string): Promise<ApprovalRow | undefined> {
  return tx.get<ApprovalRow>("SELECT * FROM approvals WHERE approval_id = ?", id);
}

export interface OpenApprovalInput {
  id: string;
  /** The tool call that asks; the same call asks once, however often its turn starts. */
  call?: { key: string; runId: string; toolCallId: string; params: unknown };
  request: unknown;
  allowed: readonly StoredDecision[];
  /** Whether somebody who may decide can be reached. */
  routed: boolean;
  expiresAt: number;
  now: number;
}

/** Records a question; the one a call put before an interruption is returned as it stands. */
async function open(
  tx: Transaction,
  input: OpenApprovalInput,
): Promise<{ created: boolean; record: ApprovalRecord }> {
  const { id, call, now } = input;
  const known = call && (await tx.get<ApprovalRow>("SELECT * FROM approvals WHERE call_key = ?", call.key));
  if (known) return { created: false, record: toRecord(known) };
  await trim(tx, now);
  const waiting = await tx.get<{ total: number }>(
    "SELECT COUNT(*) AS total FROM approvals WHERE status = 'pending'",
  );
  const accepted = input.routed && (waiting?.total ?? 0) < MAX_OPEN_APPROVALS;
  await bumpCounter(tx, "approvals.accepted", 1);
  if (!accepted) await bumpCounter(tx, "approvals.refused", 1);
  const row = await tx.get<ApprovalRow>(
    `INSERT INTO approvals
       (approval_id, call_key, run_id, tool_call_id, request, params, allowed, status, created_at, expires_at, settled_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
    id,
    call?.key ?? null,
    call?.runId ?? null,
    call?.toolCallId ?? null,
    JSON.stringify(input.request),
    call ? JSON.stringify(call.params ?? null) : null,
    input.allowed.join(","),
    accepted ? "pending" : "refused",
    now,
    input.expiresAt,
    accepted ? null : now,
  );
  return { created: true, record: toRecord(row as ApprovalRow) };
}

async function trim(tx: Transaction, now: number): Promise<void> {
  await tx.run(
    `DELETE FROM approvals WHERE approval_id IN (
       SELECT approval_id FROM approvals WHERE status <> 'pending' AND settled_at < ?
       ORDER BY settled_at LIMIT ${TRIM_BATCH})`,
    now - APPROVAL_HISTORY_MS,
  );
}

/** Ends a pending question without a decision. `undefined` when it has ended already. */
async function end(
  tx: Transaction,
  input: { id: string; status: "expired" | "cancelled"; now: number },
): Promise<ApprovalRecord | undefined> {
  const row = await tx.get<ApprovalRow>(
    "UPDATE approvals SET status = ?, settled_at = ? WHERE approval_id = ? AND status = 'pending' RETURNING *",
    input.status,
    input.now,
    input.id,
  );
  if (!row) return undefined;
  await bumpCounter(tx, `approvals.${input.status}`, 1);
  return toRecord(row);
}

export type DecideOutput =
  | { applied: true; record: ApprovalRecord }
  /** `same`: decided so before. `late`: its time was over, which this call recorded. */
  | { applied: false; why: "unknown" | "same" | "settled" | "not-offered" | "late"; record?: ApprovalRecord };

/** The first decision counts; `id` may be the unambiguous beginning of a pending question's id. */
async function decide(
  tx: Transaction,
  input: {
    id: string;
    decision: StoredDecision;
    resolver?: { kind: ResolverKind; id?: string };
    now: number;
  },
): Promise<DecideOutput> {
  const row = (await read(tx, input.id)) ?? (await pendingBeginningWith(tx, input.id));
  if (!row) return { applied: false, why: "unknown" };
  if (row.status !== "pending") {
    const why = row.decision === input.decision ? "same" : row.decision === null ? "unknown" : "settled";
    return { applied: false, why, record: toRecord(row) };
  }
  if (row.expires_at <= input.now) {
    const record = await end(tx, { id: row.approval_id, status: "expired", now: input.now });
    return { applied: false, why: "late", ...(record ? { record } : {}) };
  }
  if (!row.allowed.split(",").includes(input.decision)) {
    return { applied: false, why: "not-offered", record: toRecord(row) };
  }
  const settled = await tx.get<ApprovalRow>(
    `UPDATE approvals SET status = 'decided', decision = ?, resolved_by = ?, resolver_kind = ?, settled_at = ?
     WHERE approval_id = ? RETURNING *`,
    input.decision,
    input.resolver?.id ?? null,
    input.resolver?.kind ?? null,
    input.now,
    row.approval_id,
  );
  await bumpCounter(tx, "approvals.decided", 1);
  return { applied: true, record: toRecord(settled as ApprovalRow) };
}

async function pendingBeginningWith(tx: Transaction, prefix: string): Promise<ApprovalRow | undefined> {
  if (prefix === "") return undefined;
  const rows = await tx.all<ApprovalRow>("SELECT * FROM approvals WHERE status = 'pending'");
  const matches = rows.filter(
    ({ approval_id: id }) => id.startsWith(prefix) || id.startsWith(`plugin:${prefix}`),
  );
  return matches.length === 1 ? matches[0] : undefined;
}

/** Procedures over approvals: accepted = pending + decided + expired + cancelled + refused, always. */
export const approvalProcedures = {
  open,
  decide,
  end,

  async get(tx: Transaction, input: { id: string }): Promise<ApprovalRecord | undefined> {
    const row = await read(tx, input.id);
    return row && toRecord(row);
  },

  /** Oldest first; never more than may be open. */
  async pending(tx: Transaction, _input: Record<string, never>): Promise<ApprovalRecord[]> {
    const rows = await tx.all<ApprovalRow>(
      "SELECT * FROM approvals WHERE status = 'pending' ORDER BY created_at, approval_id",
    );
    return rows.map(toRecord);
  },

  /** Questions of a turn whose calls have not begun to act on an answer. */
  async unused(tx: Transaction, input: { runId: string }): Promise<ApprovalRecord[]> {
    const rows = await tx.all<ApprovalRow>(
      "SELECT * FROM approvals WHERE run_id = ? AND used_at IS NULL ORDER BY created_at, approval_id",
      input.runId,
    );
    return rows.map(toRecord);
  },

  /** Marks an allowance as used. False when it was used before: the call may have run. */
  async use(tx: Transaction, input: { id: string; now: number }): Promise<boolean> {
    const { changes } = await tx.run(
      "UPDATE approvals SET used_at = ? WHERE approval_id = ? AND used_at IS NULL",
      input.now,
      input.id,
    );
    return changes > 0;
  },

  /** Settled questions, newest first. */
  async history(
    tx: Transaction,
    input: { limit: number; before?: { settledAt: number; id: string } },
  ): Promise<ApprovalRecord[]> {
    const { settledAt, id } = input.before ?? { settledAt: Number.MAX_SAFE_INTEGER, id: "" };
    const rows = await tx.all<ApprovalRow>(
      `SELECT * FROM approvals WHERE status <> 'pending' AND (settled_at < ? OR (settled_at = ? AND approval_id < ?))
       ORDER BY settled_at DESC, approval_id DESC LIMIT ?`,
      settledAt,
      settledAt,
      id,
      Math.min(input.limit, MAX_PAGE),
    );
    return rows.map(toRecord);
  },

  /** The books of DESIGN §1. */
  async counts(
    tx: Transaction,
    _input: Record<string, never>,
  ): Promise<Record<ApprovalStatus | "accepted", number> & { balanced: boolean }> {
    const counters = await tx.all<{ name: string; value: number }>(
      "SELECT name, value FROM counters WHERE name LIKE 'approvals.%'",
    );
    const of = (name: string) => counters.find((row) => row.name === `approvals.${name}`)?.value ?? 0;
    const pending =
      (await tx.get<{ total: number }>("SELECT COUNT(*) AS total FROM approvals WHERE status = 'pending'"))
        ?.total ?? 0;
    const settled = {
      decided: of("decided"),
      expired: of("expired"),
      cancelled: of("cancelled"),
      refused: of("refused"),
    };
    const accepted = of("accepted");
    const sum = Object.values(settled).reduce((total, count) => total + count, pending);
    return { accepted, pending, ...settled, balanced: accepted === sum };
  },
};
