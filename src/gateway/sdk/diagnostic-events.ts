import type { DiagnosticEvent } from "../../contracts/sdk-services.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { AgentEvent, AgentRuntime } from "../../runtime/agent/index.ts";

/** Runs whose beginning is remembered, for how long they took. */
const MAX_REMEMBERED_RUNS = 1_024;

type Facts = Pick<DiagnosticEvent, "type"> & Record<string, unknown>;
type Listener = (event: DiagnosticEvent) => void;

/** Tells exporters what the agent does. Nothing is listened to while nobody wants to know. */
export class DiagnosticEvents {
  readonly #agent: AgentRuntime;
  readonly #logger: Logger;
  readonly #listeners = new Set<Listener>();
  readonly #startedAt = new Map<string, number>();
  #source: Disposable | undefined;
  #seq = 0;

  constructor(agent: AgentRuntime, logger: Logger) {
    this.#agent = agent;
    this.#logger = logger;
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#source ??= this.#agent.onEvent((event) => this.#hear(event));
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      void this.#source?.dispose();
      this.#source = undefined;
      this.#startedAt.clear();
    };
  }

  #hear(event: AgentEvent): void {
    for (const facts of this.#read(event)) {
      const { runId, sessionKey, sessionId, agentId, ts } = event;
      const place = {
        runId,
        ...(sessionKey === undefined ? {} : { sessionKey }),
        ...(sessionId === undefined ? {} : { sessionId }),
        ...(agentId === undefined ? {} : { agentId }),
      };
      const told: DiagnosticEvent = { ...facts, ...place, ts, seq: ++this.#seq };
      for (const listener of this.#listeners) {
        try {
          listener(told);
        } catch (error) {
          this.#logger.warn("a listener of diagnostic events failed", { error: errorMessage(error) });
        }
      }
    }
  }

  #read({ stream, data, runId, ts }: AgentEvent): Facts[] {
    if (stream === "usage") return [usageOf(data, this.#took(runId, ts))];
    if (stream !== "lifecycle") return [];
    if (data["phase"] === "start") {
      this.#startedAt.set(runId, ts);
      const oldest = this.#startedAt.keys().next();
      if (this.#startedAt.size > MAX_REMEMBERED_RUNS && !oldest.done) this.#startedAt.delete(oldest.value);
      return [{ type: "session.state", state: "processing", reason: "run_started" }];
    }
    if (data["phase"] !== "finishing") return [];
    const { error } = data;
    const outcome = data["aborted"] === true ? "aborted" : error === undefined ? "completed" : "error";
    const processed = {
      outcome,
      durationMs: this.#took(runId, ts),
      ...(error === undefined ? {} : { error }),
    };
    this.#startedAt.delete(runId);
    return [
      { type: "message.processed", ...processed },
      { type: "session.state", state: "idle", reason: "run_completed" },
    ];
  }

  #took(runId: string, now: number): number {
    return Math.max(0, now - (this.#startedAt.get(runId) ?? now));
  }
}

function usageOf(data: Record<string, unknown>, durationMs: number): Facts {
  const usage = data["usage"] as
    | {
        input?: number;
        output?: number;
        cacheRead?: number;
        cacheWrite?: number;
        totalTokens?: number;
        cost?: { total?: number };
      }
    | undefined;
  const { input = 0, output = 0, cacheRead = 0, cacheWrite = 0 } = usage ?? {};
  return {
    type: "model.usage",
    provider: data["provider"],
    model: data["model"],
    usage: {
      input,
      output,
      cacheRead,
      cacheWrite,
      promptTokens: input + cacheRead + cacheWrite,
      total: usage?.totalTokens ?? input + output + cacheRead + cacheWrite,
    },
    costUsd: usage?.cost?.total ?? 0,
    durationMs,
  };
}
