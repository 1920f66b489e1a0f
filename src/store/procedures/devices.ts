import type { Transaction } from "../engine/types.ts";
import type {
  AdmitResult,
  DeviceAsk,
  DeviceRecord,
  DeviceToken,
  PairingReason,
  PendingDevice,
} from "./device-rows.ts";
import { approve, emptyRecord, reasonFor, tokenFor } from "./device-rules.ts";

/** Devices that wait for approval at most; the one that waited longest makes room. */
export const MAX_PENDING_DEVICES = 200;

/**
 * Devices kept that nobody approved by hand; the one that connected longest ago makes room, and is admitted anew
 * when it comes back. Every private window of a browser on this machine is one.
 */
export const MAX_SILENT_DEVICES = 1_000;

/** The records of devices that connect with an identity of their own. */
export const deviceProcedures = {
  async get(tx: Transaction, input: { deviceId: string }): Promise<DeviceRecord | undefined> {
    return read(tx, input.deviceId);
  },

  /**
   * Decides over one connect: admit, approve silently, or leave a pending request. Reasons named in
   * `silent` need nobody's approval. The token of an earlier connect is reused while it still fits.
   */
  async admit(
    tx: Transaction,
    input: {
      ask: DeviceAsk;
      silent: PairingReason[];
      issuerGeneration?: string;
      /** The caller showed the device's own token: it stays as it is. */
      keepToken: boolean;
      newTokenId: string;
      newRequestId: string;
      pendingTtlMs: number;
      now: number;
    },
  ): Promise<AdmitResult> {
    const { ask, now } = input;
    const stored = await read(tx, ask.deviceId);
    const record = stored ?? emptyRecord(ask, now);
    const reason = reasonFor(stored, ask);
    const approved = reason !== undefined;
    if (reason !== undefined) {
      if (!input.silent.includes(reason)) return leavePending(tx, record, stored, reason, input);
      approve(record, ask, "silent", now);
    }
    record.lastSeenAtMs = now;
    record.lastSeenReason = "connect";
    if (ask.remoteIp !== undefined) record.remoteIp = ask.remoteIp;
    const token = tokenFor(record, ask, input);
    await write(tx, record, now);
    if (reason === "not-paired") await dropOldestSilent(tx);
    return { status: "admitted", record, token, approved };
  },

  /** Every device, newest approval first, pending ones without approval last. */
  async list(tx: Transaction, input: { limit: number }): Promise<DeviceRecord[]> {
    const rows = await tx.all<{ record: string }>(
      "SELECT record FROM devices ORDER BY CASE WHEN status = 'paired' THEN 0 ELSE 1 END, updated_at DESC LIMIT ?",
      input.limit,
    );
    return rows.map((row) => JSON.parse(row.record) as DeviceRecord);
  },

  /** Grants what the pending request asks for. @returns `undefined` when it is unknown or has expired */
  async approve(
    tx: Transaction,
    input: { requestId: string; pendingTtlMs: number; now: number },
  ): Promise<DeviceRecord | undefined> {
    const record = await findPending(tx, input.requestId);
    const pending = record?.pending;
    if (!record || !pending || pending.ts + input.pendingTtlMs < input.now) return undefined;
    approve(
      record,
      { ...pending, deviceId: record.deviceId, publicKey: record.publicKey },
      "owner",
      input.now,
    );
    await write(tx, record, input.now);
    return record;
  },

  /** Forgets a pending request. @returns the device's id, or `undefined` when there is no such request */
  async reject(tx: Transaction, input: { requestId: string; now: number }): Promise<string | undefined> {
    const record = await findPending(tx, input.requestId);
    if (!record) return undefined;
    delete record.pending;
    if (record.approvedAtMs === undefined) {
      await tx.run("DELETE FROM devices WHERE device_id = ?", record.deviceId);
    } else {
      await write(tx, record, input.now);
    }
    return record.deviceId;
  },

  async remove(tx: Transaction, input: { deviceId: string }): Promise<boolean> {
    const { changes } = await tx.run("DELETE FROM devices WHERE device_id = ?", input.deviceId);
    return changes > 0;
  },

  /** @returns the time of revocation, or `undefined` when the device has no such token */
  async revokeToken(
    tx: Transaction,
    input: { deviceId: string; role: string; now: number },
  ): Promise<number | undefined> {
    const record = await read(tx, input.deviceId);
    // The role comes from outside: every object has something under `__proto__`.
    if (!record || !Object.hasOwn(record.tokens, input.role)) return undefined;
    const token = record.tokens[input.role] as DeviceToken;
    token.revokedAtMs ??= input.now;
    await write(tx, record, input.now);
    return token.revokedAtMs;
  },
};

async function read(tx: Transaction, deviceId: string): Promise<DeviceRecord | undefined> {
  const row = await tx.get<{ record: string }>("SELECT record FROM devices WHERE device_id = ?", deviceId);
  return row && (JSON.parse(row.record) as DeviceRecord);
}

async function write(tx: Transaction, record: DeviceRecord, now: number): Promise<void> {
  await tx.run(
    `INSERT INTO devices (device_id, public_key, status, record, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (device_id) DO UPDATE SET
       public_key = excluded.public_key, status = excluded.status, record = excluded.record,
       updated_at = excluded.updated_at`,
    record.deviceId,
    record.publicKey,
    record.approvedAtMs === undefined ? "pending" : "paired",
    JSON.stringify(record),
    record.createdAtMs,
    now,
  );
}

async function findPending(tx: Transaction, requestId: string): Promise<DeviceRecord | undefined> {
  const rows = await tx.all<{ record: string }>(
    "SELECT record FROM devices WHERE record LIKE ?",
    '%"pending":%',
  );
  return rows
    .map((row) => JSON.parse(row.record) as DeviceRecord)
    .find((record) => record.pending?.requestId === requestId);
}

async function leavePending(
  tx: Transaction,
  record: DeviceRecord,
  stored: DeviceRecord | undefined,
  reason: PairingReason,
  input: { ask: DeviceAsk; newRequestId: string; pendingTtlMs: number; now: number },
): Promise<AdmitResult> {
  const { ask, now } = input;
  const open = record.pending;
  const fresh = open !== undefined && open.ts + input.pendingTtlMs >= now;
  const sameAsk = fresh && open.role === ask.role && ask.scopes.every((scope) => open.scopes.includes(scope));
  const { deviceId: _id, publicKey: _key, ...facts } = ask;
  const pending: PendingDevice = {
    ...facts,
    requestId: sameAsk ? open.requestId : input.newRequestId,
    scopes: sameAsk ? open.scopes : ask.scopes,
    isRepair: stored !== undefined && stored.approvedAtMs !== undefined,
    ts: now,
  };
  record.pending = pending;
  await write(tx, record, now);
  if (!sameAsk) await dropOldestPending(tx);
  return { status: "pairing-required", reason, record, pending, created: !sameAsk };
}

async function dropOldestPending(tx: Transaction): Promise<void> {
  await tx.run(
    `DELETE FROM devices WHERE status = 'pending' AND device_id NOT IN (
       SELECT device_id FROM devices WHERE status = 'pending' ORDER BY updated_at DESC LIMIT ?)`,
    MAX_PENDING_DEVICES,
  );
}

async function dropOldestSilent(tx: Transaction): Promise<void> {
  await tx.run(
    `DELETE FROM devices WHERE device_id IN (
       SELECT device_id FROM devices WHERE status = 'paired' AND record LIKE ?
       ORDER BY updated_at DESC, device_id LIMIT ? OFFSET ?)`,
    '%"approvedVia":"silent"%',
    MAX_SILENT_DEVICES,
    MAX_SILENT_DEVICES,
  );
}
