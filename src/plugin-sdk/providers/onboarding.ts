import type { ChannelConfig } from "../../contracts/channel.ts";
import { asRecordOrEmpty, isRecord, readPath, type UnknownRecord } from "../values/records.ts";

/** Writing a provider and its default model into a configuration. Every function returns a new one. */

interface Alias {
  modelRef: string;
  alias: string;
}

export interface CatalogPreset {
  providerId: string;
  api: string;
  baseUrl: string;
  catalogModels: readonly object[];
  aliases?: readonly (string | Alias)[];
}

/** Names for models; a name that is configured already stays. */
export function withAgentModelAliases(
  existing: unknown,
  aliases: readonly (string | Alias)[],
): UnknownRecord {
  const models: UnknownRecord = { ...asRecordOrEmpty(existing) };
  for (const entry of aliases) {
    const { modelRef, alias } = typeof entry === "string" ? { modelRef: entry, alias: undefined } : entry;
    const model = asRecordOrEmpty(models[modelRef]);
    models[modelRef] = { ...model, ...(alias && model["alias"] === undefined ? { alias } : {}) };
  }
  return models;
}

export function applyProviderConfigWithModelCatalog(
  cfg: ChannelConfig,
  preset: CatalogPreset,
): ChannelConfig {
  const providers = asRecordOrEmpty(readPath(cfg, ["models", "providers"]));
  const provider = asRecordOrEmpty(providers[preset.providerId]);
  const configured = Array.isArray(provider["models"]) ? provider["models"].filter(isRecord) : [];
  const known = new Set(configured.map((model) => model["id"]));
  const added = preset.catalogModels.filter((model) => !known.has((model as UnknownRecord)["id"]));
  const defaults = asRecordOrEmpty(readPath(cfg, ["agents", "defaults"]));
  return {
    ...cfg,
    agents: {
      ...asRecordOrEmpty(cfg["agents"]),
      defaults: { ...defaults, models: withAgentModelAliases(defaults["models"], preset.aliases ?? []) },
    },
    models: {
      mode: "merge",
      ...asRecordOrEmpty(cfg["models"]),
      providers: {
        ...providers,
        [preset.providerId]: {
          ...provider,
          baseUrl: provider["baseUrl"] ?? preset.baseUrl,
          api: preset.api,
          models: [...configured, ...added],
        },
      },
    },
  };
}

/** The main model of the agents; fallbacks stay. */
export function applyAgentDefaultModelPrimary(cfg: ChannelConfig, primary: string): ChannelConfig {
  const agents = asRecordOrEmpty(cfg["agents"]);
  const defaults = asRecordOrEmpty(agents["defaults"]);
  const model = asRecordOrEmpty(defaults["model"]);
  return { ...cfg, agents: { ...agents, defaults: { ...defaults, model: { ...model, primary } } } };
}

/** `applyProviderConfig` adds the provider, `applyConfig` makes its model the main one too. */
export function createModelCatalogPresetAppliers<Args extends unknown[]>(params: {
  primaryModelRef: string;
  resolveParams(cfg: ChannelConfig, ...args: Args): CatalogPreset | null | undefined;
}) {
  const applyProviderConfig = (cfg: ChannelConfig, ...args: Args): ChannelConfig => {
    const preset = params.resolveParams(cfg, ...args);
    return preset ? applyProviderConfigWithModelCatalog(cfg, preset) : cfg;
  };
  return {
    applyProviderConfig,
    applyConfig: (cfg: ChannelConfig, ...args: Args): ChannelConfig =>
      applyAgentDefaultModelPrimary(applyProviderConfig(cfg, ...args), params.primaryModelRef),
  };
}
