import type { IngressQueue, IngressRecord } from "../../contracts/channel-runtime.ts";
import type { IngressLifecycle } from "./lifecycle.ts";

export interface IngressFacts {
  eventId: string;
  laneKey: string;
}

export type InspectionContext =
  | { phase: "admission" }
  | { phase: "claim"; claimedId: string; claimedLaneKey: string | undefined };

export type DeliveryOutcome =
  | { kind: "completed" }
  | { kind: "deferred" }
  | { kind: "failed-retryable"; error: unknown };

export type ClaimErrorKind = "invalid-version" | "identity-mismatch";

/** Between the raw event and the row: `encode` and `decode` unless the body is the text itself. */
export interface PayloadCodec<Raw, Body, Stored> {
  version: number;
  storage?: "raw-event" | "custom";
  serialize(raw: Raw, context: { facts: IngressFacts; receivedAt: number }): Body;
  deserialize(body: Body, context: { claim: IngressRecord<Stored> }): Raw;
  encode?(envelope: { version: number; body: Body }): Stored;
  decode?(payload: Stored, context: { claim: IngressRecord<Stored> }): { version: unknown; body: Body };
  createClaimError(kind: ClaimErrorKind, claim: IngressRecord<Stored>): Error;
}

export interface RetryPolicy {
  maxAttempts?: number;
  baseMs?: number;
  maxMs?: number;
}

export interface IngressMonitorOptions<Raw, Body, Stored> {
  queue: IngressQueue<Stored> | (() => IngressQueue<Stored>);
  inspect(raw: Raw, context: InspectionContext): IngressFacts | null;
  inspectAsync?(raw: Raw, context: InspectionContext): Promise<IngressFacts | null>;
  payload: PayloadCodec<Raw, Body, Stored>;
  /** `undefined` counts as completed unless the lifecycle reported a deferral. */
  deliver(raw: Raw, lifecycle: IngressLifecycle, claim: IngressRecord<Stored>): unknown;
  pollIntervalMs: number;
  retention?:
    | "standard"
    | {
        pruneIntervalMs?: number;
        completedTtlMs?: number;
        completedMaxEntries?: number;
        failedTtlMs?: number;
        failedMaxEntries?: number;
        pendingTtlMs?: number;
        pendingMaxEntries?: number;
      };
  appendRetryDelaysMs?: readonly number[];
  onDurableAdmission?(
    raw: Raw,
    context: { facts: IngressFacts; receivedAt: number; isNew: boolean },
  ): unknown;
  onAdmissionFailure?(raw: Raw, error: unknown): unknown;
  waitForDeliveryIdleOnStop?: boolean;
  drain?: {
    resolveNonRetryableFailure?(error: unknown): { reason: string; message: string } | null;
    retryPolicy?: RetryPolicy;
    /** How many events are worked on at once. */
    startLimit?: number;
    scanLimit?: number;
    adoptionStallTimeoutMs?: number;
    onLog?(message: string): void;
    formatError?(error: unknown): string;
    [extra: string]: unknown;
  };
  abortSignal?: AbortSignal;
  now?(): number;
  onError?(error: unknown): void;
  onActivityChange?(active: boolean): void;
  createStoppedError?(): Error;
  admissionMode?: "until-stopped" | "while-running" | "durable-after-stop";
  [extra: string]: unknown;
}
