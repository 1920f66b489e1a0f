import type { Message } from "../../contracts/messages.ts";
import { emptyUsage } from "../../contracts/messages.ts";
import type { PluginRuntimeLlm } from "../../contracts/runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { askModel } from "../agent/ask-model.ts";
import { defaultAgentId } from "../agent/settings.ts";
import { textOf } from "../agent/transcript-context.ts";
import type { ConfigService } from "../config/types.ts";
import { isRecord } from "./catalogue.ts";
import type { Models } from "./types.ts";

type CompletionParams = Parameters<PluginRuntimeLlm["complete"]>[0];

/**
 * `api.runtime.llm.complete`: asks the agent's model once, without a session (spec 4.3).
 *
 * @throws SluiceError `LLM_OVERRIDE_DENIED` naming the setting, or `LLM_FAILED` with the model's error
 */
export async function completeForPlugin(
  rooms: {
    models: Models;
    config: ConfigService;
    clock: Clock;
    pluginId: string;
    /** The agent of the session this is asked for; it takes the default agent's place. */
    boundAgentId?: string;
  },
  params: CompletionParams,
): ReturnType<PluginRuntimeLlm["complete"]> {
  const { config } = rooms.config.current();
  const mainAgent = rooms.boundAgentId ?? defaultAgentId(config);
  const policy = llmPolicy(config.plugins?.entries?.[rooms.pluginId]?.["llm"]);
  const setting = `plugins.entries.${rooms.pluginId}.llm`;
  if (params.model !== undefined && !policy.mayUse(params.model)) {
    throw denied("Plugin LLM completion cannot override the target model.", `${setting}.allowModelOverride`);
  }
  if (params.agentId !== undefined && params.agentId !== mainAgent && !policy.agentIds) {
    throw denied(
      "Plugin LLM completion cannot override the target agent.",
      `${setting}.allowAgentIdOverride`,
    );
  }
  const agentId = params.agentId ?? mainAgent;
  const resolved = await rooms.models.resolve(params.model, agentId);
  const now = rooms.clock.now();
  const system = [
    params.systemPrompt,
    ...params.messages.filter((message) => message.role === "system").map((message) => message.content),
  ].filter((text) => text !== undefined && text !== "");
  const messages = params.messages
    .filter((message) => message.role !== "system")
    .map(
      (message): Message =>
        message.role === "user"
          ? { role: "user", content: message.content, timestamp: now }
          : {
              role: "assistant",
              content: [{ type: "text", text: message.content }],
              api: resolved.model.api,
              provider: resolved.model.provider,
              model: resolved.model.id,
              usage: emptyUsage(),
              stopReason: "stop",
              timestamp: now,
            },
    );
  const answer = await askModel({
    models: rooms.models,
    resolved,
    question: {
      messages,
      ...(system.length > 0 ? { systemPrompt: system.join("\n\n") } : {}),
      ...(params.reasoning === undefined ? {} : { thinking: params.reasoning }),
      options: {
        ...(params.maxTokens === undefined ? {} : { maxTokens: params.maxTokens }),
        ...(params.temperature === undefined ? {} : { temperature: params.temperature }),
      },
    },
    signal: params.signal ?? new AbortController().signal,
    clock: rooms.clock,
    onEvent: () => {},
  });
  if (answer.stopReason === "error" || answer.stopReason === "aborted") {
    throw new SluiceError("LLM_FAILED", answer.errorMessage ?? "the completion was aborted", {
      details: { reason: answer.errorCode ?? answer.stopReason },
    });
  }
  const { usage } = answer;
  return {
    text: textOf(answer),
    provider: resolved.model.provider,
    model: resolved.model.id,
    stopReason: answer.stopReason,
    agentId,
    usage: {
      inputTokens: usage.input,
      outputTokens: usage.output,
      totalTokens: usage.totalTokens,
      costUsd: usage.cost.total,
    },
    audit: {
      caller: { kind: "plugin", id: rooms.pluginId },
      ...(params.purpose === undefined ? {} : { purpose: params.purpose }),
    },
  };
}

/** What `plugins.entries.<id>.llm` allows; nothing unless it says so. */
function llmPolicy(value: unknown): { agentIds: boolean; mayUse(model: string): boolean } {
  const policy = isRecord(value) ? value : {};
  const allowed = policy["allowedModels"] ?? policy["allowedCompletionModels"];
  return {
    agentIds: policy["allowAgentIdOverride"] === true,
    mayUse: (model) =>
      policy["allowModelOverride"] === true && (!Array.isArray(allowed) || allowed.includes(model)),
  };
}

function denied(message: string, setting: string): SluiceError<"LLM_OVERRIDE_DENIED"> {
  return new SluiceError("LLM_OVERRIDE_DENIED", `${message} Set ${setting}: true to allow it.`, {
    details: { setting },
  });
}
