import type { Transaction } from "../engine/types.ts";
import { bumpCounter } from "./counters.ts";

/** Settled revisions kept; older ones are forgotten when a new one is made. */
export const KEEP_CONFIG_REVISIONS = 100;

export interface ConfigRevision {
  revision: number;
  hash: string;
  status: "pending" | "confirmed" | "reverted";
  /** Who made it: `write` through the gateway, or `edit` found in the file. */
  origin: "write" | "edit";
  reason?: string;
  /** The text of the file. */
  source: string;
  /** JSON of the configuration after includes, references unresolved. */
  effective: string;
  /** JSON of what validation found, and which schema it used. */
  checked: string;
  createdAt: number;
}

export interface NewConfigRevision {
  hash: string;
  reason?: string;
  source: string;
  effective: string;
  checked: string;
  now: number;
}

/** Every configuration that ran or was about to. */
export const configRevisionProcedures = {
  /** Records a write before the file changes. Returns its revision. */
  async begin(tx: Transaction, input: NewConfigRevision): Promise<number> {
    return insert(tx, input, "pending", "write");
  },

  /** Says whether the file came to hold a pending revision. */
  async settle(
    tx: Transaction,
    input: { revision: number; status: "confirmed" | "reverted"; now: number },
  ): Promise<void> {
    await tx.run(
      "UPDATE config_revisions SET status = ?, settled_at = ? WHERE revision = ? AND status = 'pending'",
      input.status,
      input.now,
      input.revision,
    );
  },

  /**
   * Settles writes that an earlier process left open by comparing them with the file as it is, and
   * returns the newest good revision.
   */
  async reconcile(
    tx: Transaction,
    input: { fileHash: string; now: number },
  ): Promise<ConfigRevision | undefined> {
    await tx.run(
      `UPDATE config_revisions SET settled_at = ?,
         status = CASE WHEN hash = ? THEN 'confirmed' ELSE 'reverted' END WHERE status = 'pending'`,
      input.now,
      input.fileHash,
    );
    return newestGood(tx);
  },

  /** Records a good configuration found in the file; the same one twice in a row is one revision. */
  async observe(tx: Transaction, input: NewConfigRevision): Promise<number> {
    const newest = await newestGood(tx);
    if (newest?.hash !== input.hash) return insert(tx, input, "confirmed", "edit");
    if (newest.checked !== input.checked) {
      await tx.run(
        "UPDATE config_revisions SET checked = ? WHERE revision = ?",
        input.checked,
        newest.revision,
      );
    }
    return newest.revision;
  },

  async newestGood(tx: Transaction, _input: Record<string, never>): Promise<ConfigRevision | undefined> {
    return newestGood(tx);
  },

  async get(tx: Transaction, input: { revision: number }): Promise<ConfigRevision | undefined> {
    const row = await tx.get<RevisionRow>(`${SELECT} WHERE revision = ?`, input.revision);
    return row && toRevision(row);
  },

  /** Newest first. */
  async list(
    tx: Transaction,
    input: { limit: number; before?: number },
  ): Promise<Omit<ConfigRevision, "source" | "effective" | "checked">[]> {
    const rows = await tx.all<RevisionRow>(
      `${SELECT} WHERE revision < ? ORDER BY revision DESC LIMIT ?`,
      input.before ?? Number.MAX_SAFE_INTEGER,
      Math.min(input.limit, KEEP_CONFIG_REVISIONS),
    );
    return rows.map((row) => {
      const { source: _source, effective: _effective, checked: _checked, ...rest } = toRevision(row);
      return rest;
    });
  },
};

interface RevisionRow {
  revision: number;
  hash: string;
  status: ConfigRevision["status"];
  origin: ConfigRevision["origin"];
  reason: string | null;
  source: string;
  effective: string;
  checked: string;
  created_at: number;
}

const SELECT =
  "SELECT revision, hash, status, origin, reason, source, effective, checked, created_at FROM config_revisions";

async function newestGood(tx: Transaction): Promise<ConfigRevision | undefined> {
  const row = await tx.get<RevisionRow>(
    `${SELECT} WHERE status = 'confirmed' ORDER BY revision DESC LIMIT 1`,
  );
  return row && toRevision(row);
}

async function insert(
  tx: Transaction,
  input: NewConfigRevision,
  status: ConfigRevision["status"],
  origin: ConfigRevision["origin"],
): Promise<number> {
  const revision = await bumpCounter(tx, "config-revisions", 1);
  await tx.run(
    `INSERT INTO config_revisions (revision, hash, status, origin, reason, source, effective, checked, created_at, settled_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    revision,
    input.hash,
    status,
    origin,
    input.reason ?? null,
    input.source,
    input.effective,
    input.checked,
    input.now,
    status === "pending" ? null : input.now,
  );
  await forgetOld(tx, revision);
  return revision;
}

/** Never forgets the newest good one, however long ago it was. */
async function forgetOld(tx: Transaction, revision: number): Promise<void> {
  const good = await tx.get<{ revision: number | null }>(
    "SELECT MAX(revision) AS revision FROM config_revisions WHERE status = 'confirmed'",
  );
  await tx.run(
    "DELETE FROM config_revisions WHERE revision <= ? AND revision <> ? AND status <> 'pending'",
    revision - KEEP_CONFIG_REVISIONS,
    good?.revision ?? 0,
  );
}

function toRevision(row: RevisionRow): ConfigRevision {
  const { revision, hash, status, origin, reason, source, effective, checked, created_at: createdAt } = row;
  return {
    revision,
    hash,
    status,
    origin,
    source,
    effective,
    checked,
    createdAt,
    ...(reason === null ? {} : { reason }),
  };
}
