import type { SqlValue, Transaction } from "../engine/types.ts";
import { DELIVERY_PAGE_LIMIT } from "../records.ts";
import { readCounter } from "./counters.ts";

const DEFAULT_PAGE = 100;
/** Settled rows one call of a trim deletes; the sweep calls again while there is more. */
export const DELIVERY_TRIM_BATCH = 1_000;

/** The ledgers of messages: both settle rows, count what they accepted and forget the oldest. */
export type DeliveryTable = "inbox" | "outbox";

export interface DeliveryCounts<Status extends string> {
  /** Rows ever inserted, from a counter of its own. */
  accepted: number;
  /** Settled rows removed by retention. */
  trimmed: number;
  byStatus: Record<Status, number>;
  /** accepted = open + terminal + trimmed. */
  balanced: boolean;
}

/** How many rows a call gets that asked for `limit`: between 1 and {@link DELIVERY_PAGE_LIMIT}, by default 100. */
export function pageLimit(limit: number | undefined): number {
  return Math.min(Math.max(1, Math.floor(limit ?? DEFAULT_PAGE)), DELIVERY_PAGE_LIMIT);
}

/** The newest rows whose columns have these values; a column without a value is not looked at. */
export function listDeliveries<Row extends object>(
  tx: Transaction,
  table: DeliveryTable,
  columns: Readonly<Record<string, string | undefined>>,
  limit: number | undefined,
): Promise<Row[]> {
  const where: string[] = [];
  const params: SqlValue[] = [];
  for (const [column, value] of Object.entries(columns)) {
    if (value === undefined) continue;
    where.push(`${column} = ?`);
    params.push(value);
  }
  return tx.all<Row>(
    `SELECT * FROM ${table} ${where.length > 0 ? `WHERE ${where.join(" AND ")}` : ""} ORDER BY ordinal DESC LIMIT ?`,
    ...params,
    pageLimit(limit),
  );
}

/**
 * Holds the ledger against its counters `<counter>.accepted` and `<counter>.trimmed`.
 *
 * @param kind counts rows of this kind only
 */
export async function countDeliveries<Status extends string>(
  tx: Transaction,
  input: { table: DeliveryTable; counter: string; statuses: readonly Status[]; kind?: string },
): Promise<DeliveryCounts<Status>> {
  const byStatus = Object.fromEntries(input.statuses.map((status) => [status, 0])) as Record<Status, number>;
  let present = 0;
  const rows = await tx.all<{ status: Status; total: number }>(
    `SELECT status, COUNT(*) AS total FROM ${input.table} ${input.kind === undefined ? "" : "WHERE kind = ?"} GROUP BY status`,
    ...(input.kind === undefined ? [] : [input.kind]),
  );
  for (const row of rows) {
    byStatus[row.status] = row.total;
    present += row.total;
  }
  const accepted = await readCounter(tx, `${input.counter}.accepted`);
  const trimmed = await readCounter(tx, `${input.counter}.trimmed`);
  return { accepted, trimmed, byStatus, balanced: accepted === present + trimmed };
}

/**
 * Deletes settled rows: those settled before `before`, and the oldest beyond the newest `keep`. At most
 * {@link DELIVERY_TRIM_BATCH} per call, so a full batch means that there may be more.
 *
 * @returns what the caller wants to know of each deleted row
 */
export async function deleteSettled<Gone extends object>(
  tx: Transaction,
  table: DeliveryTable,
  input: { before: number; keep: number; returning: string },
): Promise<Gone[]> {
  const boundary = await tx.get<{ settled_at: number }>(
    `SELECT settled_at FROM ${table} WHERE settled_at IS NOT NULL ORDER BY settled_at DESC LIMIT 1 OFFSET ?`,
    Math.max(0, input.keep),
  );
  return tx.all<Gone>(
    `DELETE FROM ${table} WHERE ${table}_id IN (
       SELECT ${table}_id FROM ${table} WHERE settled_at IS NOT NULL AND settled_at <= ?
       ORDER BY settled_at LIMIT ?) RETURNING ${input.returning}`,
    Math.max(input.before - 1, boundary?.settled_at ?? -1),
    DELIVERY_TRIM_BATCH,
  );
}
