import type { ProviderPlugin } from "../../contracts/provider.ts";
import { createTestPluginApi } from "./plugin-api.ts";

/** Anything with an id that a plugin registered. */
// biome-ignore lint/suspicious/noExplicitAny: members are those of the capability
type Captured = { id: string } & Record<string, any>;

/** Lists of what was captured, by the method that registers it. */
const LISTS = {
  speechProviders: "registerSpeechProvider",
  realtimeTranscriptionProviders: "registerRealtimeTranscriptionProvider",
  realtimeVoiceProviders: "registerRealtimeVoiceProvider",
  mediaProviders: "registerMediaUnderstandingProvider",
  imageProviders: "registerImageGenerationProvider",
  videoProviders: "registerVideoGenerationProvider",
  musicProviders: "registerMusicGenerationProvider",
  webSearchProviders: "registerWebSearchProvider",
  webFetchProviders: "registerWebFetchProvider",
  embeddingProviders: "registerEmbeddingProvider",
} as const;

export interface CapturedProviders extends Record<keyof typeof LISTS, Captured[]> {
  providers: ProviderPlugin[];
}

interface Registering {
  register(api: never): unknown;
}

/** Registers a plugin with an api that does nothing, and gives back its providers. */
export async function registerProviderPlugin(params: {
  plugin: Registering;
  id: string;
  name: string;
  config?: object;
  pluginConfig?: object;
}): Promise<CapturedProviders> {
  const { plugin, id, name, config = {}, pluginConfig = {} } = params;
  const captured = { providers: [] as ProviderPlugin[] } as CapturedProviders;
  const overrides: Record<string, unknown> = {
    registerProvider: (provider: ProviderPlugin) => void captured.providers.push(provider),
  };
  for (const [list, method] of Object.entries(LISTS) as [keyof typeof LISTS, string][]) {
    captured[list] = [];
    overrides[method] = (given: Captured | ((context: object) => Captured)) => {
      const context = { pluginId: id, config, pluginConfig };
      captured[list].push(typeof given === "function" ? given(context) : given);
    };
  }
  await plugin.register(createTestPluginApi({ id, name, config, pluginConfig, ...overrides }) as never);
  return captured;
}

/** The model providers of several plugins, in their order. */
export async function registerProviderPlugins(...plugins: readonly Registering[]): Promise<ProviderPlugin[]> {
  const captured = await Promise.all(
    plugins.map((plugin) => registerProviderPlugin({ plugin, id: "test-plugin", name: "Test plugin" })),
  );
  return captured.flatMap(({ providers }) => providers);
}

/** The one model provider of a plugin. @throws Error when it registers none */
export async function registerSingleProviderPlugin(plugin: Registering): Promise<ProviderPlugin> {
  const [provider] = await registerProviderPlugins(plugin);
  if (!provider) throw new Error("the plugin registered no model provider");
  return provider;
}

/** The provider of an id. @throws Error when it is not among them */
export function requireRegisteredProvider<T extends { id: string }>(
  providers: readonly T[],
  id: string,
  label = "provider",
): T {
  const found = providers.find((provider) => provider.id === id);
  if (!found) throw new Error(`${label} "${id}" was not registered`);
  return found;
}
