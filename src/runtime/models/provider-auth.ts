import type { ProviderConfig, ProviderModelContext, ProviderPlugin } from "../../contracts/provider.ts";
import type { ProviderAuthResult } from "../../contracts/runtime/host.ts";
import { SluiceError } from "../../kernel/errors.ts";
import type { ConfigService } from "../config/types.ts";
import { configuredProviders } from "./catalogue.ts";
import { normalizeProviderId } from "./model-ref.ts";
import { isPrivateUrl } from "./private-url.ts";
import type { Providers } from "./providers.ts";
import type { ModelErrorCode } from "./types.ts";

/** Whose key is asked for. */
export interface AuthQuestion {
  provider: string;
  modelId?: string | undefined;
  /** Where the model is asked; the provider's usual address without it. */
  baseUrl?: string | undefined;
  /** A configuration whose key for the provider goes first. */
  config?: Readonly<Record<string, unknown>> | undefined;
}

/** Answers who needs a key for something else than a request of ours: plugins, mostly. */
export class ProviderAuth {
  readonly #providers: Providers;
  readonly #config: ConfigService;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(
    options: { config: ConfigService; env: Readonly<Record<string, string | undefined>> },
    providers: Providers,
  ) {
    this.#config = options.config;
    this.#env = options.env;
    this.#providers = providers;
  }

  /**
   * The key of a provider. Without a key in it where the provider does not need one: it is on a private
   * address, makes up its own, or names no way to get one.
   *
   * @throws SluiceError `MODEL_AUTH_MISSING`, also for a provider that nobody serves
   */
  find({ provider, modelId = "", baseUrl, config: given }: AuthQuestion): ProviderAuthResult {
    const id = normalizeProviderId(provider);
    const { config } = this.#config.current();
    const row = rowOf(config, id);
    const { keys } = this.#providers;
    const place = baseUrl ?? row?.baseUrl ?? this.#providers.facts().providers.get(id)?.baseUrl;
    const own = given && rowOf(given, id);
    const isGiven = typeof own?.apiKey === "string" && own.apiKey !== "";
    const { apiKey, marker, source, mode, profileId } = isGiven
      ? keys.configured(id, { ...row, apiKey: own.apiKey as string })
      : keys.find(id);
    if (apiKey !== undefined && profileId !== undefined) {
      return { apiKey, profileId, source: `profile:${profileId}`, mode: mode ?? "api-key" };
    }
    if (apiKey !== undefined) return { apiKey, source: source ?? "none", mode: mode ?? "api-key" };
    const owner = this.#providers.ownerOf(id);
    const context: ProviderModelContext = {
      config,
      env: this.#env,
      provider: id,
      modelId,
      ...(row ? { providerConfig: row } : {}),
    };
    const synthetic = owner && this.#providers.ask(owner, () => owner.resolveSyntheticAuth?.(context));
    if (synthetic) {
      const made = keys.sendable(synthetic.apiKey);
      return {
        ...(made === undefined ? {} : { apiKey: made }),
        source: synthetic.source,
        mode: synthetic.mode,
      };
    }
    if (marker !== undefined) return { source: source ?? "none", mode: mode ?? "none" };
    const names = keys.envNames(id, place);
    const known = owner !== undefined || row !== undefined;
    const local = place !== undefined && isPrivateUrl(place);
    if (known && (local || names.length === 0)) return { source: "none", mode: "none" };
    throw new SluiceError<ModelErrorCode>("MODEL_AUTH_MISSING", this.missing(owner, context, names), {
      details: { provider: id },
    });
  }

  /** Why there is no key, and what to do about it. */
  missing(
    owner: ProviderPlugin | undefined,
    context: ProviderModelContext,
    names: readonly string[],
  ): string {
    const stated = owner && this.#providers.ask(owner, () => owner.buildMissingAuthMessage?.(context));
    if (stated) return stated;
    const { provider } = context;
    const variables = names.length > 0 ? `set ${names.join(" or ")}, or ` : "";
    return `No API key for the provider "${provider}": ${variables}write models.providers.${provider}.apiKey.`;
  }
}

function rowOf(config: Readonly<Record<string, unknown>>, id: string): ProviderConfig | undefined {
  const rows = Object.entries(configuredProviders(config));
  return rows.find(([raw]) => normalizeProviderId(raw) === id)?.[1];
}
