import { findProvider, providerLookup, type RegisteredProvider } from "../providers/registered.ts";

const VOICES = providerLookup("realtimeVoiceProvider");

export const listRealtimeVoiceProviders = VOICES.list;
export const getRealtimeVoiceProvider = VOICES.get;
export const canonicalizeRealtimeVoiceProviderId = VOICES.canonicalize;

type Settings = Readonly<Record<string, unknown>>;

export interface RealtimeVoiceChoice {
  cfg?: Settings;
  /** The only one that is asked, by id or alias. */
  configuredProviderId?: string;
  /** Settings by provider id or alias. */
  providerConfigs?: Readonly<Record<string, Settings | undefined>>;
  /** Laid over the settings of whichever provider is taken. */
  providerConfigOverrides?: Settings;
  /** Model where the settings name none. */
  defaultModel?: string;
  useProviderDefaultModel?: boolean;
  /** In place of the registered ones. */
  providers?: readonly RegisteredProvider[];
  isProviderAvailable?(provider: RegisteredProvider): boolean;
  assertProviderAvailable?(provider: RegisteredProvider): void;
  noRegisteredProviderMessage?: string;
}

/**
 * The voice provider for a session, with its settings (spec 2.10): the named one, else the first that is
 * configured by `autoSelectOrder`. A session does not change it later.
 *
 * @throws Error when there is none, or the named one is unknown or not configured
 */
export function resolveConfiguredRealtimeVoiceProvider(params: RealtimeVoiceChoice): {
  provider: RegisteredProvider;
  providerConfig: Settings;
} {
  const providers = params.providers ?? listRealtimeVoiceProviders(params.cfg);
  if (providers.length === 0) {
    throw new Error(params.noRegisteredProviderMessage ?? "No realtime voice provider is registered");
  }
  const wanted = params.configuredProviderId?.trim();
  if (wanted) {
    const provider = findProvider(providers, wanted);
    if (!provider) throw new Error(`Realtime voice provider "${wanted}" is not registered`);
    params.assertProviderAvailable?.(provider);
    const providerConfig = settingsOf(provider, params);
    if (isConfigured(provider, params, providerConfig)) return { provider, providerConfig };
    throw new Error(`Realtime voice provider "${provider.id}" is not configured`);
  }
  const inOrder = [...providers].sort((one, other) => orderOf(one) - orderOf(other) || 0);
  for (const provider of inOrder) {
    if (params.isProviderAvailable?.(provider) === false) continue;
    const providerConfig = settingsOf(provider, params);
    if (isConfigured(provider, params, providerConfig)) return { provider, providerConfig };
  }
  throw new Error("No realtime voice provider is configured");
}

function settingsOf(provider: RegisteredProvider, params: RealtimeVoiceChoice): Settings {
  const names = [params.configuredProviderId, provider.id, ...(provider.aliases ?? [])];
  const known = Object.entries(params.providerConfigs ?? {});
  const found = names
    .map((name) => known.find(([key]) => key.trim().toLowerCase() === name?.trim().toLowerCase())?.[1])
    .find((settings) => settings !== undefined);
  const model =
    params.defaultModel ?? (params.useProviderDefaultModel ? provider["defaultModel"] : undefined);
  const rawConfig = {
    ...(model === undefined ? {} : { model }),
    ...found,
    ...params.providerConfigOverrides,
  };
  return (
    (provider["resolveConfig"]?.({ cfg: params.cfg ?? {}, rawConfig }) as Settings | undefined) ?? rawConfig
  );
}

function isConfigured(
  provider: RegisteredProvider,
  { cfg = {} }: RealtimeVoiceChoice,
  providerConfig: Settings,
) {
  return provider["isConfigured"]({ cfg, providerConfig }) === true;
}

function orderOf({ autoSelectOrder }: RegisteredProvider): number {
  return autoSelectOrder ?? Number.MAX_SAFE_INTEGER;
}
