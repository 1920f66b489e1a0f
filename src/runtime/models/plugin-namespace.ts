import type { PluginRuntimeModelAuth, PluginRuntimeModelConfig } from "../../contracts/runtime/host.ts";
import type { Clock } from "../../kernel/clock.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { agentDir, defaultAgentId } from "../agent/settings.ts";
import type { ConfigService, SluiceConfig } from "../config/types.ts";
import { orderedProfiles, profilesOf, readAuthProfiles } from "./auth-profiles.ts";
import { configuredProviders } from "./catalogue.ts";
import { allowedModelRef, defaultModelOf, modelRuntimePolicy } from "./model-choice.ts";
import { formatModelRef, normalizeProviderId } from "./model-ref.ts";
import { runtimeAuthOf } from "./request.ts";
import type { ModelErrorCode, Models } from "./types.ts";

/** The rooms behind `api.runtime.modelAuth`. */
export interface ModelAuthRooms {
  models: Models;
  config: ConfigService;
  clock: Clock;
  stateDir: string;
}

/** `api.runtime.modelAuth` (spec 4.13): keys and sign-ins of model providers. */
export function modelAuthNamespace(rooms: ModelAuthRooms): PluginRuntimeModelAuth {
  const { models, clock } = rooms;
  const current = () => rooms.config.current().config;
  const authProviderOf = (provider: string) => models.authProviderOf(provider);
  return {
    resolveApiKeyForProvider: ({ provider, cfg }) => models.findAuth({ provider, config: cfg }),
    getApiKeyForModel: ({ model: { provider, id, baseUrl }, cfg }) =>
      models.findAuth({ provider, modelId: id, baseUrl, config: cfg }),
    async getRuntimeAuthForModel({ model }) {
      const resolved = await models.resolve(formatModelRef({ provider: model.provider, modelId: model.id }));
      if (resolved.missingAuth !== undefined) {
        throw new SluiceError<ModelErrorCode>("MODEL_AUTH_MISSING", resolved.missingAuth, {
          details: { provider: resolved.model.provider },
        });
      }
      const { profile } = resolved;
      const source = profile
        ? `profile:${profile.profileId}`
        : models.apiKeyFor(resolved.model.provider).source;
      const auth = await runtimeAuthOf(resolved);
      return { ...auth, source: source ?? "none", mode: resolved.authMode ?? "none" };
    },
    resolveProviderIdForAuth: (provider) => authProviderOf(provider),
    ensureAuthProfileStore(folder) {
      const main = agentDir(rooms.stateDir, defaultAgentId(current()));
      const store = readAuthProfiles([folder?.trim() || main, main]);
      const fared = Object.entries(models.profileUsage()).filter(([id]) => store.profiles[id]);
      if (fared.length === 0) return store;
      return { ...store, usageStats: { ...store.usageStats, ...Object.fromEntries(fared) } };
    },
    resolveAuthProfileOrder: ({ cfg, store, provider }) =>
      orderedProfiles({ store, provider, config: cfg ?? current(), authProviderOf, now: clock.now() }),
    listProfilesForProvider: (store, provider) => profilesOf({ store, provider, authProviderOf }),
    isProviderApiKeyConfigured({ provider, cfg }) {
      const own = cfg && configuredProviders(cfg as SluiceConfig)[normalizeProviderId(provider)]?.apiKey;
      return (typeof own === "string" && own !== "") || models.apiKeyFor(provider).apiKey !== undefined;
    },
  };
}

/** `api.runtime.modelConfig` (spec 4.13): what configuration says of models. */
export function modelConfigNamespace({ config }: ModelAuthRooms): PluginRuntimeModelConfig {
  const given = (cfg: object | undefined) => (cfg ?? config.current().config) as SluiceConfig;
  return {
    resolveDefaultModelForAgent: ({ cfg, agentId } = {}) => defaultModelOf(given(cfg), agentId),
    resolveAllowedModelRef: ({ cfg, ...params }) => allowedModelRef({ ...params, cfg: given(cfg) }),
    resolveModelRuntimePolicy: ({ config: cfg, ...params }) =>
      modelRuntimePolicy({ ...params, config: given(cfg) }),
  };
}
