import { currentHost } from "./ambient/host.ts";
import { readPath } from "./values/records.ts";

/** Notes for the status page that an account took or gave a message; nothing without a running gateway. */
export function recordChannelActivity(params: {
  channel: string;
  accountId?: string | null;
  direction: "inbound" | "outbound";
  /** Milliseconds since 1970; default now. */
  at?: number;
}): void {
  const record = readPath(currentHost()?.runtime, ["channel", "activity", "record"]);
  if (typeof record === "function") record(params);
}
