import { hostMemory } from "../ambient/memory.ts";
import { withTimeout } from "../values/async.ts";

type Log = (message: string) => void;

/** Lets a hook run on its own; its failure is logged, never thrown. */
export function fireAndForgetHook(task: Promise<unknown>, label: string, log: Log = () => {}): void {
  task.catch((error: unknown) => log(`${label}: ${reasonOf(error)}`));
}

export const DEFAULT_HOOK_CONCURRENCY = 16;
export const DEFAULT_HOOK_QUEUE = 256;
export const DEFAULT_HOOK_TIMEOUT_MS = 2_000;

interface Lane {
  running: number;
  waiting: (() => void)[];
}

/**
 * The same, where a flood of messages must not become a flood of hooks: at most `maxConcurrency` run at
 * once and `maxQueue` wait, per label; more are dropped with a log line. After `timeoutMs` a task gives its
 * place to the next.
 */
export function fireAndForgetBoundedHook(
  task: () => Promise<unknown>,
  label: string,
  log: Log = () => {},
  limits: { maxConcurrency?: number; maxQueue?: number; timeoutMs?: number } = {},
): void {
  const lanes = hostMemory("bounded-hooks", () => new Map<string, Lane>());
  const lane = lanes.get(label) ?? { running: 0, waiting: [] };
  lanes.set(label, lane);
  const run = async () => {
    lane.running++;
    try {
      const work = Promise.resolve().then(task);
      await withTimeout(work, limits.timeoutMs ?? DEFAULT_HOOK_TIMEOUT_MS);
    } catch (error) {
      log(`${label}: ${reasonOf(error)}`);
    }
    lane.running--;
    const next = lane.waiting.shift();
    if (next) next();
    else if (lane.running === 0) lanes.delete(label);
  };
  if (lane.running < (limits.maxConcurrency ?? DEFAULT_HOOK_CONCURRENCY)) void run();
  else if (lane.waiting.length < (limits.maxQueue ?? DEFAULT_HOOK_QUEUE)) lane.waiting.push(() => void run());
  else log(`${label}: dropped, too many are waiting`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
