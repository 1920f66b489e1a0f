import { sleepWithAbort } from "./values/async.ts";

const DEFAULT_POLL_INTERVAL_MS = 150;
const DEFAULT_LOG_INTERVAL_MS = 30_000;

/**
 * Asks `check` again and again until it says `ok`. While that takes longer than `logAfterMs`, a line every
 * `logIntervalMs` says what is waited for and why.
 *
 * @throws when `timeoutMs` pass without an answer; an aborted signal just ends the waiting
 */
export async function waitForTransportReady(params: {
  label: string;
  timeoutMs: number;
  check(): Promise<{ ok: boolean; error?: string | null }>;
  runtime: { error?(line: string): void; log?(line: string): void };
  pollIntervalMs?: number;
  logAfterMs?: number;
  logIntervalMs?: number;
  abortSignal?: AbortSignal;
}): Promise<void> {
  const { label, timeoutMs, abortSignal } = params;
  const startedAt = performance.now();
  const logEvery = Math.max(1_000, params.logIntervalMs ?? DEFAULT_LOG_INTERVAL_MS);
  let nextLogAt = params.logAfterMs ?? 0;
  let problem: string | undefined;
  while (!abortSignal?.aborted) {
    const answer = await params.check();
    if (answer.ok) return;
    problem = answer.error ?? undefined;
    const waited = performance.now() - startedAt;
    const because = problem ? ` (${problem})` : "";
    if (waited >= timeoutMs) throw new Error(`${label} not ready after ${timeoutMs}ms${because}`);
    if (waited >= nextLogAt) {
      (params.runtime.error ?? params.runtime.log)?.(
        `${label} not ready after ${Math.round(waited)}ms${because}`,
      );
      nextLogAt = waited + logEvery;
    }
    const pause = Math.min(
      Math.max(1, params.pollIntervalMs ?? DEFAULT_POLL_INTERVAL_MS),
      Math.max(1, timeoutMs - waited),
    );
    await sleepWithAbort(pause, abortSignal).catch(() => undefined);
  }
}
