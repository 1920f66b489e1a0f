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

/** A provider by the models it cannot do without. */
export interface DefaultModelsPreset {
  providerId: string;
  api: string;
  baseUrl: string;
  defaultModels: readonly object[] | (() => readonly object[]);
  /** Added with the others unless the provider has a model of this id. */
  defaultModelId?: string;
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
  return applyProvider(cfg, preset, preset.catalogModels);
}

function applyProviderWithDefaultModels(cfg: ChannelConfig, preset: DefaultModelsPreset): ChannelConfig {
  const { defaultModelId } = preset;
  const configured = readPath(cfg, ["models", "providers", preset.providerId, "models"]);
  const has =
    Array.isArray(configured) && configured.some((model) => asRecordOrEmpty(model)["id"] === defaultModelId);
  if (defaultModelId !== undefined && has) return applyProvider(cfg, preset, []);
  const { defaultModels } = preset;
  return applyProvider(cfg, preset, typeof defaultModels === "function" ? defaultModels() : defaultModels);
}

/** Adds what of `models` the provider lacks. */
function applyProvider(
  cfg: ChannelConfig,
  preset: Pick<CatalogPreset, "providerId" | "api" | "baseUrl" | "aliases">,
  models: readonly object[],
): ChannelConfig {
  const providers = asRecordOrEmpty(readPath(cfg, ["models", "providers"]));
  const provider = asRecordOrEmpty(providers[preset.providerId]);
  const configured = Array.isArray(provider["models"]) ? provider["models"].filter(isRecord) : [];
  const known = new Set(configured.map((model) => model["id"]));
  const added = models.filter((model) => !known.has((model as UnknownRecord)["id"]));
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

/** Like {@link createModelCatalogPresetAppliers}, for providers described by their default models. */
export function createDefaultModelsPresetAppliers<Args extends unknown[]>(params: {
  primaryModelRef: string;
  resolveParams(cfg: ChannelConfig, ...args: Args): DefaultModelsPreset | null | undefined;
}) {
  const applyProviderConfig = (cfg: ChannelConfig, ...args: Args): ChannelConfig => {
    const preset = params.resolveParams(cfg, ...args);
    return preset ? applyProviderWithDefaultModels(cfg, preset) : cfg;
  };
  return {
    applyProviderConfig,
    applyConfig: (cfg: ChannelConfig, ...args: Args): ChannelConfig =>
      applyAgentDefaultModelPrimary(applyProviderConfig(cfg, ...args), params.primaryModelRef),
  };
}

/**
 * Writes how a provider is reached and its aliases, and makes its model the main one where none is chosen. Its
 * models stay with the plugin, which knows newer ones than a saved list, unless the configuration keeps the
 * whole list itself (`models.mode: "replace"`).
 */
export function createDefaultModelsConnectionPresetAppliers<Args extends unknown[]>(params: {
  primaryModelRef: string;
  resolveParams(cfg: ChannelConfig, ...args: Args): DefaultModelsPreset | null | undefined;
}) {
  const applyProviderConfig = (cfg: ChannelConfig, ...args: Args): ChannelConfig => {
    const preset = params.resolveParams(cfg, ...args);
    if (!preset) return cfg;
    const listed = readPath(cfg, ["models", "mode"]) === "replace";
    return listed ? applyProviderWithDefaultModels(cfg, preset) : applyProvider(cfg, preset, []);
  };
  return {
    applyProviderConfig,
    applyConfig: (cfg: ChannelConfig, ...args: Args): ChannelConfig => {
      const next = applyProviderConfig(cfg, ...args);
      const model = readPath(next, ["agents", "defaults", "model"]);
      const primary = typeof model === "string" ? model : asRecordOrEmpty(model)["primary"];
      return primary ? next : applyAgentDefaultModelPrimary(next, params.primaryModelRef);
    },
  };
}
