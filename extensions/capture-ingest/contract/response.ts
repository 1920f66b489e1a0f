import type { RejectedEvent } from "./validate.ts";

export type EventReceipt =
  | { index: number; status: "stored"; block_id: string }
  | { index: number; status: "skipped"; reason: "duplicate" }
  | { index: number; status: "rejected"; reason: string };

/** The body of a 200 answer. `stored + skipped + rejected` is the number of events sent. */
export interface IngestResponse {
  stored: number;
  skipped: number;
  /** Relative to the tenant's vault. When everything was skipped it may not exist. */
  file: string;
  /** In lenient mode only. */
  rejected?: RejectedEvent[];
  /** On request only, one for each event, in order. */
  receipts?: EventReceipt[];
}

export interface ResponseParts {
  file: string;
  /** Positions in the request of the events that were offered to the ledger. */
  indexes: readonly number[];
  /** Present in lenient mode. */
  rejected?: RejectedEvent[];
  /** Block ids of the offered events when receipts were asked for. */
  blockIds?: readonly string[];
}

/** Composes the answer from what the ledger decided: `stored[i]` is 1 for a new event, 0 for a duplicate. */
export function composeResponse(parts: ResponseParts, stored: Uint8Array): IngestResponse {
  let count = 0;
  for (const one of stored) count += one;
  const response: IngestResponse = { stored: count, skipped: stored.length - count, file: parts.file };
  if (parts.rejected) response.rejected = parts.rejected;
  if (parts.blockIds) response.receipts = receipts(parts, parts.blockIds, stored);
  return response;
}

function receipts(parts: ResponseParts, blockIds: readonly string[], stored: Uint8Array): EventReceipt[] {
  const list: EventReceipt[] = parts.indexes.map((index, at) =>
    stored[at] === 1
      ? { index, status: "stored", block_id: `^${blockIds[at]}` }
      : { index, status: "skipped", reason: "duplicate" },
  );
  for (const { index, errors } of parts.rejected ?? [])
    list.push({ index, status: "rejected", reason: errors.map((error) => error.msg).join("; ") });
  return list.sort((a, b) => a.index - b.index);
}
