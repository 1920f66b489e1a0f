import { formatErrorMessage } from "../errors/errors.ts";
import { buildTimeoutAbortSignal } from "../values/async.ts";

export interface ProbeTools {
  /** Milliseconds since the probe began. */
  elapsedMs(): number;
  signal?: AbortSignal;
}

/** Runs a probe within a time limit; what it throws becomes `{ ok: false, error }`. */
export async function runChannelProbe<Result extends object>(
  timeoutMs: number | undefined,
  probe: (tools: ProbeTools) => Promise<Result>,
): Promise<Result | { ok: false; error: string; elapsedMs: number }> {
  const started = Date.now();
  const elapsedMs = () => Date.now() - started;
  const limit = buildTimeoutAbortSignal({ ...(timeoutMs ? { timeoutMs } : {}), operation: "channel probe" });
  try {
    return await probe({ elapsedMs, ...(limit.signal ? { signal: limit.signal } : {}) });
  } catch (error) {
    return { ok: false, error: formatErrorMessage(error), elapsedMs: elapsedMs() };
  } finally {
    limit.cleanup();
  }
}

export async function fetchWithTimeout(
  url: string,
  init: RequestInit,
  timeoutMs: number,
  fetchFunction: typeof fetch = fetch,
): Promise<Response> {
  const limit = buildTimeoutAbortSignal({ timeoutMs, ...(init.signal ? { signal: init.signal } : {}) });
  try {
    return await fetchFunction(url, { ...init, ...(limit.signal ? { signal: limit.signal } : {}) });
  } finally {
    limit.cleanup();
  }
}
