import type { Transaction } from "../engine/types.ts";
import { bumpCounter } from "./counters.ts";
import { readSession } from "./session-rows.ts";

/** Injections one plugin may have waiting in one session (plugin-sdk spec 3.19). */
export const MAX_QUEUED_INJECTIONS = 32;
/** Settled injections kept for each session, newest first. */
export const MAX_SETTLED_INJECTIONS = 256;

export type InjectionPlacement = "prepend_context" | "append_context";
export type InjectionStatus = "queued" | "delivered" | "expired";

/** Text that a plugin queued for the next turn of a session. */
export interface InjectionRecord {
  /** Order of acceptance over the whole gateway. */
  ordinal: number;
  id: string;
  pluginId: string;
  sessionKey: string;
  text: string;
  placement: InjectionPlacement;
  metadata?: unknown;
  status: InjectionStatus;
  /** The turn that took it. */
  runId?: string;
  /** Why it expired. */
  reason?: string;
  createdAt: number;
  expiresAt?: number;
}

interface InjectionRow {
  ordinal: number;
  injection_id: string;
  plugin_id: string;
  session_key: string;
  body: string;
  placement: InjectionPlacement;
  metadata: string | null;
  status: InjectionStatus;
  run_id: string | null;
  reason: string | null;
  created_at: number;
  expires_at: number | null;
}

function toRecord(row: InjectionRow): InjectionRecord {
  return {
    ordinal: row.ordinal,
    id: row.injection_id,
    pluginId: row.plugin_id,
    sessionKey: row.session_key,
    text: row.body,
    placement: row.placement,
    ...(row.metadata === null ? {} : { metadata: JSON.parse(row.metadata) as unknown }),
    status: row.status,
    ...(row.run_id === null ? {} : { runId: row.run_id }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    createdAt: row.created_at,
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
  };
}

export interface EnqueueInjectionInput {
  /** Equal to the idempotency key where there is one. */
  injectionId: string;
  pluginId: string;
  sessionKey: string;
  text: string;
  placement: InjectionPlacement;
  metadata?: unknown;
  ttlMs?: number;
  now: number;
}

export type EnqueueInjectionOutput =
  | { enqueued: true; id: string }
  /** `duplicate`: the same id waits already; the others leave nothing behind. */
  | { enqueued: false; id: string; refused: "duplicate" | "no-session" | "full" };

async function enqueue(tx: Transaction, input: EnqueueInjectionInput): Promise<EnqueueInjectionOutput> {
  const { pluginId, sessionKey, now } = input;
  if (!(await readSession(tx, sessionKey))) return { enqueued: false, id: "", refused: "no-session" };
  await expire(
    tx,
    "plugin_id = ? AND session_key = ? AND expires_at < ?",
    [pluginId, sessionKey, now],
    "ttl",
    now,
  );
  const waiting = await tx.all<{ injection_id: string }>(
    "SELECT injection_id FROM injections WHERE plugin_id = ? AND session_key = ? AND status = 'queued'",
    pluginId,
    sessionKey,
  );
  if (waiting.some((row) => row.injection_id === input.injectionId)) {
    return { enqueued: false, id: input.injectionId, refused: "duplicate" };
  }
  if (waiting.length >= MAX_QUEUED_INJECTIONS) return { enqueued: false, id: "", refused: "full" };
  await tx.run(
    `INSERT INTO injections (ordinal, injection_id, plugin_id, session_key, body, placement, metadata, status, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)`,
    await bumpCounter(tx, "injections.accepted", 1),
    input.injectionId,
    pluginId,
    sessionKey,
    input.text,
    input.placement,
    input.metadata === undefined ? null : JSON.stringify(input.metadata),
    now,
    input.ttlMs === undefined ? null : now + input.ttlMs,
  );
  return { enqueued: true, id: input.injectionId };
}

/** Settles queued injections that fit a condition without delivering them. Returns how many. */
async function expire(
  tx: Transaction,
  condition: string,
  values: (string | number)[],
  reason: string,
  now: number,
): Promise<number> {
  const { changes } = await tx.run(
    `UPDATE injections SET status = 'expired', reason = ?, settled_at = ? WHERE status = 'queued' AND ${condition}`,
    reason,
    now,
    ...values,
  );
  if (changes > 0) await bumpCounter(tx, "injections.expired", changes);
  return changes;
}

/** Whether a turn that begins finds injections: waiting ones, or those it took before a restart. */
export async function hasInjections(
  tx: Transaction,
  input: { runId: string; sessionKey: string; firstStart: boolean },
): Promise<boolean> {
  const { runId, sessionKey, firstStart } = input;
  const queued = await tx.get(
    "SELECT ordinal FROM injections WHERE session_key = ? AND status = 'queued' LIMIT 1",
    sessionKey,
  );
  if (queued || firstStart) return queued !== undefined;
  return (await tx.get("SELECT ordinal FROM injections WHERE run_id = ? LIMIT 1", runId)) !== undefined;
}

/**
 * Hands a session's queued injections to a running turn. A turn that starts again after a crash gets what it
 * took before and what came since; no other turn ever does.
 */
async function take(
  tx: Transaction,
  input: { runId: string; sessionKey: string; now: number },
): Promise<InjectionRecord[]> {
  const { runId, sessionKey, now } = input;
  await expire(tx, "session_key = ? AND expires_at < ?", [sessionKey, now], "ttl", now);
  const { changes } = await tx.run(
    "UPDATE injections SET status = 'delivered', run_id = ?, settled_at = ? WHERE session_key = ? AND status = 'queued'",
    runId,
    now,
    sessionKey,
  );
  if (changes > 0) {
    await bumpCounter(tx, "injections.delivered", changes);
    await trim(tx, sessionKey, runId);
  }
  const rows = await tx.all<InjectionRow>(
    "SELECT * FROM injections WHERE run_id = ? AND status = 'delivered' ORDER BY ordinal",
    runId,
  );
  return rows.map(toRecord);
}

/** Keeps the newest settled injections of a session, and those of the turn that runs. */
async function trim(tx: Transaction, sessionKey: string, runId: string): Promise<void> {
  const oldest = await tx.get<{ ordinal: number }>(
    "SELECT ordinal FROM injections WHERE session_key = ? AND status <> 'queued' ORDER BY ordinal DESC LIMIT 1 OFFSET ?",
    sessionKey,
    MAX_SETTLED_INJECTIONS,
  );
  if (!oldest) return;
  await tx.run(
    "DELETE FROM injections WHERE session_key = ? AND status <> 'queued' AND ordinal <= ? AND COALESCE(run_id, '') <> ?",
    sessionKey,
    oldest.ordinal,
    runId,
  );
}

/** Settles what waits for a session that is reset or deleted; the books of a deleted one go with it. */
export async function dropInjections(
  tx: Transaction,
  input: { sessionKey: string; reason: "reset" | "delete"; now: number },
): Promise<void> {
  await expire(tx, "session_key = ?", [input.sessionKey], input.reason, input.now);
  if (input.reason === "delete")
    await tx.run("DELETE FROM injections WHERE session_key = ?", input.sessionKey);
}

/** Procedures over next-turn injections: accepted = queued + delivered + expired, always. */
export const injectionProcedures = {
  enqueue,
  take,

  /** Takes injections back from a turn because their plugin may not speak any more. */
  async reject(
    tx: Transaction,
    input: { runId: string; pluginIds: string[]; reason: string; now: number },
  ): Promise<void> {
    for (const pluginId of input.pluginIds) {
      const { changes } = await tx.run(
        `UPDATE injections SET status = 'expired', reason = ?, settled_at = ?, run_id = NULL
         WHERE run_id = ? AND plugin_id = ? AND status = 'delivered'`,
        input.reason,
        input.now,
        input.runId,
        pluginId,
      );
      if (changes === 0) continue;
      await bumpCounter(tx, "injections.delivered", -changes);
      await bumpCounter(tx, "injections.expired", changes);
    }
  },

  /** Settles everything a plugin has waiting: it was disabled. */
  async forgetPlugin(tx: Transaction, input: { pluginId: string; now: number }): Promise<number> {
    return expire(tx, "plugin_id = ?", [input.pluginId], "disable", input.now);
  },

  /** Injections of a session, newest first. */
  async list(tx: Transaction, input: { sessionKey: string; limit: number }): Promise<InjectionRecord[]> {
    const rows = await tx.all<InjectionRow>(
      "SELECT * FROM injections WHERE session_key = ? ORDER BY ordinal DESC LIMIT ?",
      input.sessionKey,
      input.limit,
    );
    return rows.map(toRecord);
  },

  /** The books of DESIGN §1. */
  async counts(
    tx: Transaction,
    _input: Record<string, never>,
  ): Promise<{ accepted: number; queued: number; delivered: number; expired: number; balanced: boolean }> {
    const counters = await tx.all<{ name: string; value: number }>(
      "SELECT name, value FROM counters WHERE name LIKE 'injections.%'",
    );
    const of = (name: string) => counters.find((row) => row.name === `injections.${name}`)?.value ?? 0;
    const queued =
      (await tx.get<{ total: number }>("SELECT COUNT(*) AS total FROM injections WHERE status = 'queued'"))
        ?.total ?? 0;
    const books = { accepted: of("accepted"), queued, delivered: of("delivered"), expired: of("expired") };
    return { ...books, balanced: books.accepted === queued + books.delivered + books.expired };
  },
};
