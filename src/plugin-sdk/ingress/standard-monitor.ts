import { createChannelIngressMonitor } from "./monitor.ts";
import type { IngressMonitorOptions, PayloadCodec } from "./monitor-options.ts";

/** Version of the envelope in which a raw event is kept. */
export const RAW_EVENT_VERSION = 1;

type RawCodec<Raw, Stored> = Omit<
  PayloadCodec<Raw, string, Stored>,
  "version" | "storage" | "encode" | "decode"
> & {
  version?: number;
};

/** `Omit` would lose the names beside an index signature. */
type WithoutPayload<Options> = {
  [Key in keyof Options as string extends Key ? never : Key extends "payload" ? never : Key]: Options[Key];
};

const POLL_INTERVAL_MS = 500;
/** Events that are worked on at once. */
const START_LIMIT = 8;

/** What became of a raw event: it is kept, nobody wants it, or it is not what it should be. */
export type RawEventAdmission = { kind: "durable" | "ignored" } | { kind: "invalid"; message: string };

type StandardOptions<Raw, Stored> = Omit<
  WithoutPayload<IngressMonitorOptions<Raw, string, Stored>>,
  "pollIntervalMs"
> & {
  payload: RawCodec<Raw, Stored>;
  pollIntervalMs?: number | undefined;
  /** What is wrong with an event, where the error of its admission is the event's own fault. */
  classifyAdmissionError?(error: unknown): string | undefined;
};

/** A monitor for channels that keep the event as the text it came as, with the usual retention. */
export function createStandardRawEventIngressMonitor<Raw, Stored>(options: StandardOptions<Raw, Stored>) {
  const { classifyAdmissionError, pollIntervalMs, ...rest } = options;
  const monitor = createChannelIngressMonitor({
    retention: "standard",
    ...rest,
    pollIntervalMs: pollIntervalMs ?? POLL_INTERVAL_MS,
    drain: { startLimit: START_LIMIT, ...options.drain },
    payload: { version: RAW_EVENT_VERSION, ...options.payload, storage: "raw-event" },
  } as unknown as IngressMonitorOptions<Raw, string, Stored>);
  return {
    ...monitor,
    /** Keeps one event. Rejects where it could not be kept, so that its sender tries again. */
    async receive(raw: Raw): Promise<RawEventAdmission> {
      try {
        const { kind } = await monitor.admit(raw);
        return { kind };
      } catch (error) {
        const message = classifyAdmissionError?.(error);
        if (message === undefined) throw error;
        return { kind: "invalid", message };
      }
    },
  };
}
