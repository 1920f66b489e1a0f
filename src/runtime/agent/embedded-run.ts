import type { EmbeddedAgentParams, EmbeddedAgentResult } from "../../contracts/runtime.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { TurnOutcome } from "../../store/records.ts";
import type { Sessions } from "../sessions/index.ts";
import type { AgentEvent, AgentRuntime } from "./types.ts";

/** Longest a plugin waits for its run: the longest a timer can hold. */
const MAX_WAIT_MS = 2_147_483_647;

/**
 * `api.runtime.agent.runEmbeddedAgent`: an ordinary turn on an ordinary lane, awaited to its end
 * (spec 3.1). Callbacks that throw are logged and ignored.
 *
 * @throws SluiceError with the run's error code when no model could be asked at all
 */
export async function runEmbeddedAgent(
  rooms: { agent: AgentRuntime; sessions: Sessions; logger: Logger },
  params: EmbeddedAgentParams,
): Promise<EmbeddedAgentResult> {
  const { agent, sessions, logger } = rooms;
  const key = sessions.key(params.sessionKey ?? `explicit:${params.sessionId}`, params.agentId);
  const model = params.model && params.provider ? `${params.provider}/${params.model}` : params.model;
  const guarded = (callback: () => void) => {
    try {
      callback();
    } catch (error) {
      logger.warn("a callback of an embedded run failed", { error: errorMessage(error) });
    }
  };
  const listener = agent.onEvent((event: AgentEvent) => {
    if (event.runId !== params.runId) return;
    guarded(() => params.onAgentEvent?.({ stream: event.stream, data: event.data }));
    if (event.stream !== "assistant") return;
    const { text, delta } = event.data as { text: string; delta: string };
    guarded(() => params.onPartialReply?.({ text, delta }));
  });
  const stop = () => {
    agent
      .abort({ sessionKey: key.sessionKey, runId: params.runId, reason: "abort" })
      .catch((error: unknown) =>
        logger.warn("an embedded run could not be stopped", { error: errorMessage(error) }),
      );
  };
  try {
    const accepted = await agent.accept({
      runId: params.runId,
      ...key,
      origin: "plugin",
      text: params.prompt,
      timeoutMs: params.timeoutMs,
      ...(params.transcriptPrompt === undefined ? {} : { transcriptText: params.transcriptPrompt }),
      ...(params.images?.length ? { images: params.images } : {}),
      ...(params.extraSystemPrompt ? { extraSystemPrompt: params.extraSystemPrompt } : {}),
      ...(params.thinkLevel ? { thinking: params.thinkLevel } : {}),
      ...(model ? { model } : {}),
      context: {
        ...(params.disableTools ? { disableTools: true } : {}),
        ...(params.toolsAllow ? { toolsAllow: params.toolsAllow } : {}),
        ...(params.modelFallbacksOverride ? { modelFallbacks: params.modelFallbacksOverride } : {}),
      },
    });
    if (params.abortSignal?.aborted) stop();
    else params.abortSignal?.addEventListener("abort", stop, { once: true });
    const outcome = accepted.outcome ?? (await agent.wait(params.runId, MAX_WAIT_MS));
    if (!outcome) {
      throw new SluiceError("RUN_INTERRUPTED", "the gateway stopped; the run goes on after the restart", {
        retryable: true,
      });
    }
    return embeddedResult(outcome);
  } finally {
    params.abortSignal?.removeEventListener("abort", stop);
    await listener.dispose();
  }
}

const SETUP_ERRORS = new Set(["MODEL_UNKNOWN", "MODEL_NOT_CONFIGURED", "MODEL_AUTH_MISSING"]);

function embeddedResult(outcome: TurnOutcome): EmbeddedAgentResult {
  const { error, usage } = outcome;
  if (error && SETUP_ERRORS.has(error.code)) throw new SluiceError(error.code, error.message);
  return {
    payloads: outcome.payloads,
    meta: {
      durationMs: outcome.endedAt - outcome.startedAt,
      ...(outcome.status === "aborted" ? { aborted: true } : {}),
      ...(outcome.stopReason ? { stopReason: outcome.stopReason } : {}),
      ...(error ? { error: { kind: error.code.toLowerCase(), message: error.message } } : {}),
      agentMeta: {
        sessionId: outcome.sessionId,
        ...(outcome.provider && outcome.model ? { provider: outcome.provider, model: outcome.model } : {}),
        ...(usage
          ? {
              usage: {
                input: usage.input,
                output: usage.output,
                cacheRead: usage.cacheRead,
                cacheWrite: usage.cacheWrite,
                total: usage.totalTokens,
              },
            }
          : {}),
      },
    },
  };
}
