import { errorMessage } from "../../kernel/errors.ts";

/** How long the first sign of work waits for a second one, before a progress message appears anyway. */
export const PROGRESS_DELAY_MS = 5_000;

interface GateOptions {
  onStart(): void | Promise<void>;
  /** Default {@link PROGRESS_DELAY_MS}; negative: only a second sign of work starts it. */
  initialDelayMs?: number;
  /** Hears of a start by the clock that failed; nobody waits for that one. */
  onStartError?(error: unknown): void;
  setTimeoutFn?: typeof setTimeout;
  clearTimeoutFn?: typeof clearTimeout;
}

/**
 * When a message about progress is worth it: at the second sign of work, or when the first one is a while ago. A turn
 * that answers at once shows none.
 */
export function createChannelProgressDraftGate(options: GateOptions) {
  const { onStart, initialDelayMs = PROGRESS_DELAY_MS } = options;
  const setTimer = options.setTimeoutFn ?? setTimeout;
  const clearTimer = options.clearTimeoutFn ?? clearTimeout;
  const report =
    options.onStartError ??
    ((error) => console.warn(`a progress message did not start: ${errorMessage(error)}`));
  let workEvents = 0;
  let started: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let cancelled = false;
  const stopTimer = () => {
    if (timer !== undefined) clearTimer(timer);
    timer = undefined;
  };
  const start = async (): Promise<void> => {
    if (cancelled) return;
    stopTimer();
    started ??= Promise.resolve()
      .then(onStart)
      .catch((error: unknown) => {
        // The next sign of work tries again.
        started = undefined;
        throw error;
      });
    await started;
  };
  return {
    get hasStarted(): boolean {
      return started !== undefined;
    },
    get workEvents(): number {
      return workEvents;
    },
    /** @returns whether the message is there */
    async noteWork(): Promise<boolean> {
      if (cancelled) return false;
      workEvents += 1;
      if (started === undefined && workEvents === 1) {
        if (initialDelayMs >= 0) timer = setTimer(() => void start().catch(report), initialDelayMs);
        return false;
      }
      await start();
      return started !== undefined;
    },
    startNow: start,
    cancel(): void {
      cancelled = true;
      stopTimer();
    },
  };
}

interface DraftLine {
  id?: string | undefined;
  text: string;
}

/** What makes two lines the same: their text without code marks and spare spaces. */
export function normalizeChannelProgressDraftLineIdentity(
  line: string | DraftLine | null | undefined,
): string {
  const text = typeof line === "string" ? line : line?.text;
  return (
    text
      ?.replace(/`([^`]+)`/g, "$1")
      .replace(/\s+/g, " ")
      .trim() ?? ""
  );
}

/** The lines with one more, which takes the place of the line of its id; the same list when nothing changed. */
export function mergeChannelProgressDraftLine<Line extends string | DraftLine>(
  lines: readonly Line[],
  line: Line,
  { maxLines }: { maxLines: number },
): readonly Line[] {
  const identity = normalizeChannelProgressDraftLineIdentity(line);
  if (identity === "") return lines;
  const idOf = (one: Line) => (typeof one === "string" ? undefined : one.id);
  const id = idOf(line);
  const known = id === undefined ? -1 : lines.findIndex((one) => idOf(one) === id);
  const beside = lines[known === -1 ? lines.length - 1 : known];
  if (beside !== undefined && normalizeChannelProgressDraftLineIdentity(beside) === identity) return lines;
  const next = known === -1 ? [...lines, line] : lines.map((one, index) => (index === known ? line : one));
  return next.slice(-Math.max(1, maxLines));
}
