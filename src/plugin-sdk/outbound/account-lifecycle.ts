import type { ChannelAccountSnapshot } from "../../contracts/channel.ts";
import { waitForAbortSignal } from "../values/async.ts";

/** Reports parts of an account's state. */
export function createAccountStatusSink(params: {
  accountId: string;
  setStatus(next: ChannelAccountSnapshot): void;
}): (patch: Record<string, unknown>) => void {
  return (patch) => params.setStatus({ ...patch, accountId: params.accountId });
}

export async function waitUntilAbort(
  signal?: AbortSignal,
  onAbort?: () => void | Promise<void>,
): Promise<void> {
  if (!signal) return new Promise(() => {});
  await waitForAbortSignal(signal);
  await onAbort?.();
}

/** Starts something, keeps the account running until it is stopped, and stops it. */
export async function runPassiveAccountLifecycle<Handle>(params: {
  abortSignal?: AbortSignal;
  start(): Promise<Handle>;
  stop?(handle: Handle): void | Promise<void>;
  onStop?(): void | Promise<void>;
}): Promise<void> {
  const handle = await params.start();
  try {
    await waitUntilAbort(params.abortSignal);
  } finally {
    await params.stop?.(handle);
    await params.onStop?.();
  }
}

/** Runs work that ends by itself or when the account stops. */
export async function keepHttpServerTaskAlive(params: {
  server: { once(event: "close", listener: () => void): unknown; close?(done?: () => void): unknown };
  abortSignal?: AbortSignal;
  onAbort?(): void | Promise<void>;
}): Promise<void> {
  await new Promise<void>((resolve) => {
    params.server.once("close", resolve);
    void waitUntilAbort(params.abortSignal, params.onAbort).then(() => params.server.close?.(resolve));
  });
}
