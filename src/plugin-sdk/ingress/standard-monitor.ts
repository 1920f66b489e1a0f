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

/** A monitor for channels that keep the event as the text it came as, with the usual retention. */
export function createStandardRawEventIngressMonitor<Raw, Stored>(
  options: WithoutPayload<IngressMonitorOptions<Raw, string, Stored>> & { payload: RawCodec<Raw, Stored> },
) {
  const monitored = {
    retention: "standard",
    ...options,
    payload: { version: RAW_EVENT_VERSION, ...options.payload, storage: "raw-event" },
  } as unknown as IngressMonitorOptions<Raw, string, Stored>;
  return createChannelIngressMonitor(monitored);
}
