import type { Transaction } from "../engine/types.ts";

/** Rows removed by one {@link idempotencyProcedures.expire}. */
export const MAX_EXPIRE_ROWS = 1_024;

export interface IdempotencyKey {
  /** Keeps keys of unrelated callers apart, for example `chat.send` and the caller's identity. */
  family: string;
  key: string;
}

export interface IdempotencyBegin extends IdempotencyKey {
  /** A digest of what was asked; the same key with another digest is a conflict. */
  fingerprint: string;
  /** Names this process run; work begun under another one was interrupted. */
  owner: string;
  now: number;
  ttlMs: number;
}

export type IdempotencyState =
  /** Nobody did this yet: do it, then `finish`. */
  | { status: "new" }
  /** Begun by a process that died: it is the caller's now; do it again or `finish` with an error. */
  | { status: "interrupted"; beganAt: number }
  /** Somebody in this process is at it. */
  | { status: "in_flight"; beganAt: number }
  /** Done; answer with the stored result (JSON text). */
  | { status: "done"; result: string }
  /** The key was used for something else. */
  | { status: "conflict" };

/** Results of side-effecting calls by key, so that a repeated call changes nothing. */
export const idempotencyProcedures = {
  /** Claims a key, or says what became of it. An expired entry counts as absent. */
  async begin(tx: Transaction, input: IdempotencyBegin): Promise<IdempotencyState> {
    const { family, key, fingerprint, owner, now, ttlMs } = input;
    const row = await find(tx, input);
    if (row && row.expires_at > now) {
      if (row.fingerprint !== fingerprint) return { status: "conflict" };
      if (row.status === "done") return { status: "done", result: row.result ?? "null" };
      if (row.owner === owner) return { status: "in_flight", beganAt: row.created_at };
      await tx.run(
        "UPDATE idempotency SET owner = ?, expires_at = ? WHERE family = ? AND idempotency_key = ?",
        owner,
        now + ttlMs,
        family,
        key,
      );
      return { status: "interrupted", beganAt: row.created_at };
    }
    await tx.run(
      `INSERT INTO idempotency (family, idempotency_key, fingerprint, status, owner, result, created_at, expires_at)
       VALUES (?, ?, ?, 'in_flight', ?, NULL, ?, ?)
       ON CONFLICT (family, idempotency_key) DO UPDATE SET fingerprint = excluded.fingerprint,
         status = excluded.status, owner = excluded.owner, result = NULL,
         created_at = excluded.created_at, expires_at = excluded.expires_at`,
      family,
      key,
      fingerprint,
      owner,
      now,
      now + ttlMs,
    );
    return { status: "new" };
  },

  /** Stores the result of a claimed key. False when the claim is no longer there. */
  async finish(
    tx: Transaction,
    input: IdempotencyKey & { result: string; now: number; ttlMs: number },
  ): Promise<boolean> {
    const { changes } = await tx.run(
      `UPDATE idempotency SET status = 'done', result = ?, expires_at = ?
       WHERE family = ? AND idempotency_key = ? AND status = 'in_flight'`,
      input.result,
      input.now + input.ttlMs,
      input.family,
      input.key,
    );
    return changes > 0;
  },

  /** Gives a claim back after a failure without effect, so that the call may be repeated. */
  async abandon(tx: Transaction, input: IdempotencyKey): Promise<boolean> {
    const { changes } = await tx.run(
      "DELETE FROM idempotency WHERE family = ? AND idempotency_key = ? AND status = 'in_flight'",
      input.family,
      input.key,
    );
    return changes > 0;
  },

  async lookup(
    tx: Transaction,
    input: IdempotencyKey & { now: number },
  ): Promise<{ status: "in_flight" | "done"; fingerprint: string; result?: string } | undefined> {
    const row = await find(tx, input);
    if (!row || row.expires_at <= input.now) return undefined;
    const { status, fingerprint, result } = row;
    return { status, fingerprint, ...(result === null ? {} : { result }) };
  },

  /** Removes a bounded number of expired entries. True when more are left. */
  async expire(tx: Transaction, input: { now: number }): Promise<boolean> {
    const { changes } = await tx.run(
      `DELETE FROM idempotency WHERE (family, idempotency_key) IN
         (SELECT family, idempotency_key FROM idempotency WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
      input.now,
      MAX_EXPIRE_ROWS,
    );
    return changes === MAX_EXPIRE_ROWS;
  },
};

interface IdempotencyRow {
  fingerprint: string;
  status: "in_flight" | "done";
  owner: string;
  result: string | null;
  created_at: number;
  expires_at: number;
}

function find(tx: Transaction, input: IdempotencyKey): Promise<IdempotencyRow | undefined> {
  return tx.get<IdempotencyRow>(
    `SELECT fingerprint, status, owner, result, created_at, expires_at FROM idempotency
     WHERE family = ? AND idempotency_key = ?`,
    input.family,
    input.key,
  );
}
