import type { ProviderConfig, ProviderPlugin } from "sluice/plugin-sdk/model-stream";
import { listClaudeModels } from "./discover.ts";
import { messagesStream } from "./messages-stream.ts";
import { wrapAnthropicProviderStream } from "./stream-wrappers.ts";

export const ANTHROPIC_BASE_URL = "https://api.anthropic.com";
export const MESSAGES_API = "anthropic-messages";
/** Limits of a model that is only known by name. */
const CONTEXT_WINDOW = 200_000;
const MAX_TOKENS = 32_000;
/** Models from before extended thinking. */
const WITHOUT_THINKING = /claude-(?:2|instant|3-(?:5-)?(?:opus|sonnet|haiku))/;

/** `plugins.entries.anthropic.config`. */
export interface PluginSettings {
  baseUrl?: string;
  apiKey?: string;
}

/** The provider `anthropic`: also the transport of every configured provider with `api: "anthropic-messages"`. */
export function buildAnthropicProvider(settings: PluginSettings = {}): ProviderPlugin {
  const addressOf = (row: ProviderConfig | undefined, env: Readonly<Record<string, string | undefined>>) =>
    textOf(row?.baseUrl) ??
    textOf(settings.baseUrl) ??
    textOf(env["ANTHROPIC_BASE_URL"]) ??
    ANTHROPIC_BASE_URL;
  return {
    id: "anthropic",
    label: "Anthropic",
    docsPath: "/providers/anthropic",
    auth: [],
    envVars: ["ANTHROPIC_API_KEY"],
    servesApis: [MESSAGES_API],
    catalog: {
      async run(context) {
        const apiKey = context.resolveProviderApiKey("anthropic").apiKey ?? textOf(settings.apiKey);
        if (!apiKey) return null;
        const models = context.config["models"] as { providers?: Record<string, ProviderConfig> } | undefined;
        const baseUrl = addressOf(models?.providers?.["anthropic"], context.env);
        const ids = await listClaudeModels({ baseUrl, apiKey }, context.signal);
        return { provider: { baseUrl, api: MESSAGES_API, models: ids.map((id) => modelNamed(id)) } };
      },
    },
    resolveDynamicModel: (context) => ({
      ...modelNamed(context.modelId),
      api: MESSAGES_API,
      baseUrl: addressOf(context.providerConfig, context.env),
    }),
    resolveSyntheticAuth() {
      const apiKey = textOf(settings.apiKey);
      return apiKey ? { apiKey, source: "plugin config", mode: "api-key" } : null;
    },
    createStreamFn: () => messagesStream,
    wrapStreamFn: (context) => wrapAnthropicProviderStream(context),
    matchesContextOverflowError: ({ errorMessage }) =>
      /prompt is too long|exceeds.*context/i.test(errorMessage),
  };
}

function modelNamed(id: string) {
  return {
    id,
    input: ["text", "image"] as ("text" | "image")[],
    reasoning: !WITHOUT_THINKING.test(id),
    contextWindow: CONTEXT_WINDOW,
    maxTokens: WITHOUT_THINKING.test(id) ? 8_192 : MAX_TOKENS,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
