import type {
  ChannelReplyPayload,
  DispatchResult,
  ReplyDispatcherOptions,
} from "../../contracts/channel-runtime.ts";
import { SluiceError } from "../../kernel/errors.ts";
import type { OutboxRecord } from "../../store/procedures/outbox-rows.ts";
import type { TurnOutcome } from "../../store/records.ts";

/** Turns whose answer a plugin delivers itself, at once; one more is refused. */
export const MAX_LIVE_REPLIES = 10_000;

interface LiveReply {
  options: ReplyDispatcherOptions;
  /** Rows the answer was planned into; unknown until the turn ends. */
  planned: number;
  ended: boolean;
  outcome?: "completed" | "failed";
  delivered: number;
  failed: number;
  settle(result: DispatchResult): void;
}

/**
 * Deliveries that a plugin wants to make with its own function. They last as long as the process: the rows
 * are durable all the same, and after a restart the channel's outbound adapter sends them.
 */
export class LiveReplies {
  readonly #byRun = new Map<string, LiveReply>();

  /** Resolves when every part of the turn's answer has been handed to `options.deliver`, or failed to. */
  register(runId: string, options: ReplyDispatcherOptions): Promise<DispatchResult> {
    if (this.#byRun.size >= MAX_LIVE_REPLIES) {
      throw new SluiceError("CHANNELS_BUSY", `${MAX_LIVE_REPLIES} replies are being waited for`, {
        retryable: true,
      });
    }
    return new Promise((resolve) => {
      this.#byRun.set(runId, {
        options,
        planned: 0,
        ended: false,
        delivered: 0,
        failed: 0,
        settle: (result) => {
          this.#byRun.delete(runId);
          options.onIdle?.();
          options.onCleanup?.();
          resolve(result);
        },
      });
    });
  }

  has(runId: string | undefined): boolean {
    return runId !== undefined && this.#byRun.has(runId);
  }

  prefixOf(runId: string): string | undefined {
    return this.#byRun.get(runId)?.options.responsePrefix || undefined;
  }

  get size(): number {
    return this.#byRun.size;
  }

  planned(runId: string, rows: number): void {
    const live = this.#byRun.get(runId);
    if (live) live.planned = rows;
  }

  /** The turn ended: nothing further will be planned. */
  finished(outcome: TurnOutcome): void {
    const live = this.#byRun.get(outcome.runId);
    if (!live) return;
    live.ended = true;
    if (outcome.status !== "aborted") live.outcome = outcome.status === "done" ? "completed" : "failed";
    this.#settleWhenDone(live);
  }

  /** Gives up on a reply whose turn did not start. */
  cancel(runId: string): void {
    this.#byRun.get(runId)?.settle(emptyResult());
  }

  /** Hands one row to the plugin. */
  async deliver(row: OutboxRecord, text: string, mediaUrls: readonly string[] = []): Promise<unknown> {
    const live = this.#byRun.get(row.runId ?? "");
    if (!live) throw new SluiceError("NOT_FOUND", "nobody waits for this reply any more");
    const payload: ChannelReplyPayload = { text };
    if (mediaUrls[0] !== undefined)
      Object.assign(payload, { mediaUrl: mediaUrls[0], mediaUrls: [...mediaUrls] });
    if (row.media?.audioAsVoice) payload["audioAsVoice"] = true;
    if (row.replyToId !== undefined) payload.replyToId = row.replyToId;
    try {
      const result = await live.options.deliver(payload, { kind: "final" });
      live.delivered += 1;
      return result;
    } catch (error) {
      live.failed += 1;
      live.options.onError?.(error, { kind: "final" });
      throw error;
    } finally {
      this.#settleWhenDone(live);
    }
  }

  /** A row was cancelled or gave up before it reached the plugin. */
  dropped(row: OutboxRecord): void {
    const live = this.#byRun.get(row.runId ?? "");
    if (!live) return;
    live.failed += 1;
    this.#settleWhenDone(live);
  }

  #settleWhenDone(live: LiveReply): void {
    if (!live.ended || live.delivered + live.failed < live.planned) return;
    const result = emptyResult();
    result.queuedFinal = live.planned > 0;
    result.counts.final = live.planned;
    if (live.outcome) result["agentRunOutcome"] = live.outcome;
    if (live.failed > 0) result.failedCounts = { tool: 0, block: 0, final: live.failed };
    live.settle(result);
  }
}

export function emptyResult(): DispatchResult {
  return { queuedFinal: false, counts: { tool: 0, block: 0, final: 0 } };
}
