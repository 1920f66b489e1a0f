import type { IngressQueue, IngressRecord } from "../../contracts/channel-runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import { newSortableId, newUuid } from "../../kernel/ids.ts";
import type { Store } from "../../store/index.ts";
import type { InboxRecord } from "../../store/procedures/inbox-rows.ts";
import { normalizeAccountId } from "../routing/session-key.ts";

/** A claim that nobody refreshed for this long is free again. */
export const DEFAULT_STALE_CLAIM_MS = 5 * 60_000;
/** What a completed or failed event leaves behind is kept this long, and at most so many per class. */
export const INGRESS_RETENTION_MS = 30 * 86_400_000;
export const INGRESS_KEEP = 1_000;

/** Opens a plugin's own durable queue of raw events (spec 1.18.12), bound to its channel and account. */
export function openIngressQueue<Payload = unknown, Metadata = unknown>(
  parts: { store: Store; clock: Clock },
  options: { channel: string; accountId?: string | null; now?: () => number },
): IngressQueue<Payload, Metadata> {
  const calls = parts.store.call.ingress;
  const now = options.now ?? (() => parts.clock.now());
  const queue = { channel: options.channel, accountId: normalizeAccountId(options.accountId) };
  const owner = newUuid();
  type Row = IngressRecord<Payload, Metadata>;
  const idOf = (claim: string | { id: string }) => (typeof claim === "string" ? claim : claim.id);
  const list = async (status: "pending" | "claimed" | "dead", limit: number | undefined): Promise<Row[]> => {
    const rows = await calls.list({ ...queue, status, ...(limit === undefined ? {} : { limit }) });
    return rows.map((row) => toIngressRecord<Payload, Metadata>(row));
  };
  return {
    async enqueue(id, payload, given = {}) {
      const { inserted, record } = await calls.enqueue({
        ...queue,
        inboxId: newSortableId(now()),
        eventId: id,
        payload,
        ...(given.metadata === undefined ? {} : { metadata: given.metadata }),
        ...(given.laneKey === undefined ? {} : { laneKey: given.laneKey }),
        receivedAt: given.receivedAt ?? now(),
      });
      const row = toIngressRecord<Payload, Metadata>(record);
      return inserted
        ? { kind: "accepted", duplicate: false, record: row }
        : { kind: row.status, duplicate: true, record: row };
    },
    listPending: (given = {}) => list("pending", given.limit),
    listClaims: (given = {}) => list("claimed", given.limit),
    listFailed: (given = {}) => list("dead", given.limit),
    async claimNext(given = {}) {
      if (given.staleMs !== undefined) {
        await calls.recoverStale({ ...queue, staleBefore: now() - given.staleMs, now: now() });
      }
      const row = await calls.claimNext({
        ...queue,
        ownerId: given.ownerId ?? owner,
        blockedLanes: [...(given.blockedLaneKeys ?? [])],
        ...(given.candidateIds ? { candidateIds: [...given.candidateIds] } : {}),
        ...(given.scanLimit === undefined ? {} : { scanLimit: given.scanLimit }),
        now: now(),
      });
      return row ? toIngressRecord(row) : null;
    },
    async claim(id, given = {}) {
      const row = await calls.claim({ ...queue, eventId: id, ownerId: given.ownerId ?? owner, now: now() });
      return row ? toIngressRecord(row) : null;
    },
    refreshClaim: (claim) => calls.refresh({ ...queue, eventId: idOf(claim), now: now() }),
    complete: (claim, given = {}) =>
      calls.complete({
        ...queue,
        eventId: idOf(claim),
        ...(given.metadata === undefined ? {} : { metadata: given.metadata }),
        ...(typeof claim === "string" ? { inboxId: newSortableId(now()) } : {}),
        now: given.completedAt ?? now(),
      }),
    release: (claim, given = {}) =>
      calls.release({
        ...queue,
        eventId: idOf(claim),
        ...(given.lastError === undefined ? {} : { lastError: given.lastError }),
        recordAttempt: given.recordAttempt ?? true,
        availableAt: given.availableAt ?? given.releasedAt ?? now(),
      }),
    fail: (claim, given) =>
      calls.fail({
        ...queue,
        eventId: idOf(claim),
        reason: given.message === undefined ? given.reason : `${given.reason}: ${given.message}`,
        now: given.failedAt ?? now(),
      }),
    resubmit: (id) => calls.resubmit({ ...queue, eventId: id, now: now() }),
    delete: (claim) => calls.delete({ ...queue, eventId: idOf(claim) }),
    recoverStaleClaims: (given = {}) =>
      calls.recoverStale({
        ...queue,
        staleBefore: (given.now ?? now()) - (given.staleMs ?? DEFAULT_STALE_CLAIM_MS),
        now: given.now ?? now(),
      }),
    async prune(given = {}) {
      const at = given.now ?? now();
      const completed = await calls.prune({
        ...queue,
        status: "superseded",
        before: at - (given.completedTtlMs ?? INGRESS_RETENTION_MS),
        keep: given.completedMax ?? INGRESS_KEEP,
      });
      const failed = await calls.prune({
        ...queue,
        status: "dead",
        before: at - (given.failedTtlMs ?? INGRESS_RETENTION_MS),
        keep: given.failedMax ?? INGRESS_KEEP,
      });
      return completed + failed;
    },
  };
}

function toIngressRecord<Payload, Metadata>(row: InboxRecord): IngressRecord<Payload, Metadata> {
  const status =
    row.status === "dead"
      ? "failed"
      : row.status === "pending" || row.status === "claimed"
        ? row.status
        : "completed";
  const record: IngressRecord<Payload, Metadata> = {
    id: row.messageId,
    payload: row.payload as Payload,
    status,
    attempts: row.attempts,
    receivedAt: row.receivedAt,
  };
  if (row.metadata !== undefined) record.metadata = row.metadata as Metadata;
  if (row.conversation !== "") record.laneKey = row.conversation;
  if (row.reason !== undefined && status !== "completed") record.lastError = row.reason;
  if (row.claimedAt !== undefined) record.claimedAt = row.claimedAt;
  if (row.claimedBy !== undefined) record.ownerId = row.claimedBy;
  return record;
}
