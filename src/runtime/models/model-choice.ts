import { agentModelRef, defaultAgentId } from "../agent/settings.ts";
import type { SluiceConfig } from "../config/types.ts";
import { configuredProviders, isRecord } from "./catalogue.ts";
import { formatModelRef, normalizeProviderId, parseModelRef } from "./model-ref.ts";
import { expandAlias, modelTable } from "./model-table.ts";

/** The model of an agent for which none is configured. */
const FALLBACK_MODEL = { provider: "echo", model: "echo-1" };

interface ChosenModel {
  provider: string;
  model: string;
}

/** The model an agent uses when nobody chose another. */
export function defaultModelOf(config: SluiceConfig, agentId?: string): ChosenModel {
  const parsed = parseModelRef(expandAlias(config, agentModelRef(config, agentId) ?? ""));
  return parsed ? { provider: parsed.provider, model: parsed.modelId } : FALLBACK_MODEL;
}

/**
 * What somebody wrote as a model reference; no configuration forbids a model that its provider has, so an
 * error means that the text names none.
 */
export function allowedModelRef(params: {
  cfg: SluiceConfig;
  raw: string;
  defaultProvider?: string;
}): { ref: ChosenModel; key: string } | { error: string } {
  const parsed = parseModelRef(expandAlias(params.cfg, params.raw.trim()), params.defaultProvider);
  if (!parsed) return { error: `"${params.raw}" names no model; write provider/model` };
  return { ref: { provider: parsed.provider, model: parsed.modelId }, key: formatModelRef(parsed) };
}

interface RuntimePolicy {
  policy?: Readonly<Record<string, unknown>>;
  source?: "model" | "provider";
}

/**
 * The `agentRuntime` that is configured for a model: in the agent's models, in those of all agents, in the
 * provider's row of the model, for all of the provider's models, or in the provider's row.
 */
export function modelRuntimePolicy(params: {
  config?: SluiceConfig;
  provider?: string;
  modelId?: string;
  agentId?: string;
}): RuntimePolicy {
  const config = params.config ?? {};
  const provider = normalizeProviderId(params.provider ?? "");
  const modelId = params.modelId ?? "";
  const tables = [agentModels(config, params.agentId ?? defaultAgentId(config)), modelTable(config)];
  const inTables = (key: string) => tables.map((table) => runtimeOf(table[key])).find((found) => found);
  const row = Object.entries(configuredProviders(config)).find(
    ([id]) => normalizeProviderId(id) === provider,
  )?.[1];
  const ofModel =
    inTables(`${provider}/${modelId}`) ??
    runtimeOf(row?.models?.find(({ id }) => id === modelId)) ??
    inTables(`${provider}/*`);
  if (ofModel) return { policy: ofModel, source: "model" };
  const ofProvider = runtimeOf(row);
  return ofProvider ? { policy: ofProvider, source: "provider" } : {};
}

function agentModels(config: SluiceConfig, agentId: string): Record<string, unknown> {
  const list = config.agents?.["list"];
  const own = (Array.isArray(list) ? list : []).filter(isRecord).find(({ id }) => id === agentId);
  return isRecord(own?.["models"]) ? own["models"] : {};
}

function runtimeOf(row: unknown): Readonly<Record<string, unknown>> | undefined {
  const policy = isRecord(row) ? row["agentRuntime"] : undefined;
  return isRecord(policy) && typeof policy["id"] === "string" && policy["id"] !== "" ? policy : undefined;
}
