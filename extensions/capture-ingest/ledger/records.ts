import type { ResponseParts } from "../contract/response.ts";

/** A validated and rendered batch on its way into the ledger. All lists are by offered event. */
export interface AcceptInput {
  tenant: string;
  /** Vault path, relative. */
  file: string;
  /** Milliseconds since the epoch. */
  now: number;
  firstEntry: number;
  /** 16 bytes each; zeros for an event without a reference. */
  keys: Uint8Array;
  /** Where each entry ends in `bytes`. */
  ends: Uint32Array;
  bytes: Uint8Array;
  pluginId: string;
  pluginVersion: string;
  platform: string;
  sourceType: string;
  deviceId: string;
  keyId: string;
  idempotencyKey?: string;
  response: ResponseParts;
}

export type AcceptOutput =
  /** New: `seq` is null when everything was a duplicate. `stored` holds 1 or 0 for each event. */
  | { kind: "accepted"; seq: number | null; stored: Uint8Array }
  /** Some events are being written by other batches; nothing was recorded. Wait for those and ask again. */
  | { kind: "wait"; seqs: number[] }
  /** The idempotency key is known. `pending` names the batch to wait for, if it is not settled. */
  | { kind: "replay"; response: string; pending: number | null };

/** A batch whose entries may not all be in the vault. */
export interface PendingBatch {
  seq: number;
  tenant: string;
  file: string;
  firstEntry: number;
  events: number;
  /** One byte an event, 1 for stored. */
  stored: Uint8Array;
  /** Ends of the stored entries in `bytes`. */
  ends: Uint32Array;
  bytes: Uint8Array;
}

/** What the ledger knows about one program that posts (spec 5.9, `status: registered | unregistered`). */
export interface SourceRecord {
  tenant: string;
  plugin_id: string;
  source_type: string;
  device_id: string;
  plugin_version: string;
  platform: string;
  first_seen: number;
  last_seen: number;
  batches: number;
  stored: number;
  skipped: number;
  usual_gap_ms: number;
  stalled_at: number | null;
}

export interface LedgerFile {
  id: number;
  path: string;
}

/** Entries a batch put into a file: `firstEntry + i` for every `stored[i] === 1`. */
export interface LedgerBatch {
  seq: number;
  firstEntry: number;
  stored: Uint8Array;
}
