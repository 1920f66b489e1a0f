import { askModelServer, type ModelDefinition } from "sluice/plugin-sdk/model-stream";

export const LIST_TIMEOUT_MS = 5_000;
export const MAX_LISTED_MODELS = 1_000;
const MAX_LIST_BYTES = 16_777_216;
const PER_MILLION = 1_000_000;

interface WireModel {
  id?: unknown;
  name?: unknown;
  context_length?: unknown;
  architecture?: { input_modalities?: unknown };
  top_provider?: { max_completion_tokens?: unknown };
  supported_parameters?: unknown;
  pricing?: Record<string, unknown>;
}

type Row = Partial<ModelDefinition> & { id: string };

/** `GET {baseUrl}/models` with limits and prices; none when the server cannot be asked. */
export async function listOpenrouterModels(baseUrl: string, signal?: AbortSignal): Promise<Row[]> {
  const body = await askModelServer(`${baseUrl}/models`, {
    timeoutMs: LIST_TIMEOUT_MS,
    maxBytes: MAX_LIST_BYTES,
    signal,
  });
  const rows = (body as { data?: (WireModel | null)[] } | undefined)?.data;
  if (!Array.isArray(rows)) return [];
  return rows.slice(0, MAX_LISTED_MODELS).flatMap((model) => (model ? (rowOf(model) ?? []) : []));
}

function rowOf(model: WireModel): Row | undefined {
  const { id, name, pricing = {}, supported_parameters: parameters } = model;
  if (typeof id !== "string" || id === "") return undefined;
  const seen = model.architecture?.input_modalities;
  const contextWindow = positive(model.context_length);
  const maxTokens = positive(model.top_provider?.max_completion_tokens);
  return {
    id,
    ...(typeof name === "string" && name !== "" ? { name } : {}),
    input: Array.isArray(seen) && seen.includes("image") ? ["text", "image"] : ["text"],
    reasoning: Array.isArray(parameters) && parameters.includes("reasoning"),
    ...(contextWindow ? { contextWindow } : {}),
    ...(maxTokens ? { maxTokens } : {}),
    cost: {
      input: price(pricing["prompt"]),
      output: price(pricing["completion"]),
      cacheRead: price(pricing["input_cache_read"]),
      cacheWrite: price(pricing["input_cache_write"]),
    },
  };
}

/** Prices come as text, in dollars a token. Automatic choices have none. */
function price(value: unknown): number {
  const dollars = Number(value);
  return Number.isFinite(dollars) && dollars > 0 ? Number((dollars * PER_MILLION).toFixed(6)) : 0;
}

function positive(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
}
