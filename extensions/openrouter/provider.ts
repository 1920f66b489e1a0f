import type { ProviderConfig, ProviderPlugin, StreamFn } from "sluice/plugin-sdk/model-stream";
import { listOpenrouterModels } from "./models.ts";

export const OPENROUTER_BASE_URL = "https://openrouter.ai/api/v1";
export const OPENROUTER_API = "openai-completions";
/** By these OpenRouter shows where requests come from. */
const ATTRIBUTION = { "x-title": "Sluice" };

/** The provider `openrouter`; the transport is that of `openai-compatible`. */
export function buildOpenrouterProvider(): ProviderPlugin {
  return {
    id: "openrouter",
    label: "OpenRouter",
    docsPath: "/providers/openrouter",
    auth: [],
    envVars: ["OPENROUTER_API_KEY"],
    catalog: {
      async run(context) {
        if (!context.resolveProviderApiKey("openrouter").apiKey) return null;
        const models = context.config["models"] as { providers?: Record<string, ProviderConfig> } | undefined;
        const baseUrl = addressOf(models?.providers?.["openrouter"]);
        const rows = await listOpenrouterModels(baseUrl, context.signal);
        return {
          provider: { baseUrl, api: OPENROUTER_API, compat: COMPAT, models: [AUTO, ...rows] },
        };
      },
    },
    // Any model it has may be used, listed or not.
    resolveDynamicModel: (context) => ({
      id: context.modelId,
      api: OPENROUTER_API,
      baseUrl: addressOf(context.providerConfig),
      compat: COMPAT,
    }),
    normalizeResolvedModel: ({ model }) => ({ ...model, compat: { ...COMPAT, ...model.compat } }),
    wrapStreamFn: ({ streamFn, extraParams }) => withRouting(streamFn, extraParams?.["provider"]),
  };
}

const COMPAT = { thinkingFormat: "openrouter", supportsUsageInStreaming: true };
const AUTO = { id: "auto", name: "OpenRouter Auto", input: ["text", "image"] as ("text" | "image")[] };

/** Attribution headers, and which vendors may serve a request (`params.provider`). */
function withRouting(streamFn: StreamFn, provider: unknown): StreamFn {
  const routing = typeof provider === "object" && provider !== null ? { provider } : undefined;
  return (model, context, options) =>
    streamFn(model, context, {
      ...options,
      headers: { ...ATTRIBUTION, ...options?.headers },
      onPayload(payload, actual) {
        const given = options?.onPayload?.(payload, actual) ?? payload;
        return routing ? { ...(given as object), ...routing } : given;
      },
    });
}

function addressOf(row: ProviderConfig | undefined): string {
  const stated = typeof row?.baseUrl === "string" ? row.baseUrl.trim() : "";
  return (stated || OPENROUTER_BASE_URL).replace(/\/+$/, "");
}
