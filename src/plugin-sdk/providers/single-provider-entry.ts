import type { PluginApi } from "../../contracts/plugin-api.ts";
import type {
  ProviderAuthMethod,
  ProviderCatalog,
  ProviderCatalogContext,
  ProviderConfig,
  ProviderPlugin,
} from "../../contracts/provider.ts";
import { definePluginEntry, type PluginEntryOptions } from "../plugin-entry.ts";
import { isRecord, readPath } from "../values/records.ts";
import { type ApiKeyAuthOptions, createProviderApiKeyAuthMethod } from "./api-key-auth.ts";
import { buildOpenAICompatibleLiveProviderCatalog, type LiveDiscoveryOptions } from "./live-catalog.ts";
import { buildManifestModelProviderConfig } from "./manifest-catalog.ts";

type ApiKeyAuth = Partial<ApiKeyAuthOptions> & { methodId: string };

interface CatalogOptions {
  run?: ProviderCatalog["run"];
  buildProvider?(context?: ProviderCatalogContext): ProviderConfig | Promise<ProviderConfig>;
  buildStaticProvider?(): ProviderConfig | Promise<ProviderConfig>;
  staticRun?: ProviderCatalog["run"];
  allowExplicitBaseUrl?: boolean;
  order?: ProviderCatalog["order"];
  /** Asks the server which models there are; `true` for an OpenAI-compatible list. */
  liveModelDiscovery?: boolean | LiveDiscoveryOptions;
  [extra: string]: unknown;
}

export interface SingleProviderOptions {
  id?: string;
  label: string;
  docsPath?: string;
  aliases?: string[];
  envVars?: string[];
  /** Any further member of `ProviderPlugin`. */
  [member: string]: unknown;
  auth?: (ApiKeyAuth | ProviderAuthMethod)[];
  /** Completes the sign-in methods that the manifest states. */
  manifestAuth?: Partial<ApiKeyAuthOptions>;
  extraAuth?: ProviderAuthMethod[];
  catalog?: CatalogOptions;
}

export interface SingleProviderEntryOptions extends Omit<PluginEntryOptions, "register"> {
  manifest?: unknown;
  provider?: SingleProviderOptions | ((api: PluginApi) => SingleProviderOptions);
  /** Further registrations. */
  register?(api: PluginApi): void;
}

/**
 * Declares a plugin with one model provider (spec 6.5): sign-in by API key, the catalogue of its models and
 * the provider itself.
 */
export function defineSingleProviderPluginEntry(options: SingleProviderEntryOptions) {
  const { manifest, provider, register, ...entry } = options;
  return definePluginEntry({
    ...entry,
    register(api) {
      const described = typeof provider === "function" ? provider(api) : provider;
      if (described) {
        const plugin = buildProvider(described, options.id, manifest);
        api.registerProvider(plugin);
        if (plugin.catalog || plugin.staticCatalog) {
          api.registerModelCatalogProvider({
            provider: plugin.id,
            kinds: ["text"],
            ...(plugin.staticCatalog
              ? { staticCatalog: (context: never) => plugin.staticCatalog?.run(context) }
              : {}),
            ...(plugin.catalog ? { liveCatalog: (context: never) => plugin.catalog?.run(context) } : {}),
          });
        }
      }
      register?.(api);
    },
  });
}

function buildProvider(options: SingleProviderOptions, pluginId: string, manifest: unknown): ProviderPlugin {
  const { id = pluginId, auth, manifestAuth, extraAuth, catalog, ...rest } = options;
  const stated = manifestAuthMethods(manifest, id, manifestAuth ?? {});
  const envVars = options.envVars ?? manifestEnvVars(manifest, id) ?? authEnvVars(auth ?? []);
  const methods = [
    ...(auth ?? (manifestAuth ? stated : [])).map((method) =>
      "run" in method && typeof method.run === "function"
        ? (method as ProviderAuthMethod)
        : completeApiKeyAuth(method as ApiKeyAuth, id, options.label, envVars),
    ),
    ...(extraAuth ?? []),
  ];
  const known = knownConfig(manifest, id);
  const staticCatalog = staticCatalogOf(catalog, known);
  return {
    ...rest,
    id,
    label: options.label,
    auth: methods,
    ...(envVars.length > 0 ? { envVars } : {}),
    ...(catalog ? { catalog: catalogOf(catalog, id, known) } : {}),
    ...(staticCatalog ? { staticCatalog } : {}),
  };
}

/** What the manifest says of the provider's address and models. */
function knownConfig(manifest: unknown, id: string): (() => ProviderConfig) | undefined {
  const catalog = readPath(manifest, ["modelCatalog", "providers", id]);
  return isRecord(catalog)
    ? () => buildManifestModelProviderConfig({ providerId: id, catalog }) as ProviderConfig
    : undefined;
}

function catalogOf(
  catalog: CatalogOptions,
  id: string,
  known: (() => ProviderConfig) | undefined,
): ProviderCatalog {
  const build = catalog.buildProvider?.bind(catalog) ?? known;
  const discovery = catalog.liveModelDiscovery;
  const order = catalog.order ?? "simple";
  if (catalog.run) return { order, run: catalog.run };
  return {
    order,
    async run(context) {
      const { apiKey, discoveryApiKey } = context.resolveProviderApiKey(id);
      if (!apiKey || !build) return null;
      const explicit = readPath(context.config, ["models", "providers", id, "baseUrl"]);
      const configured = typeof explicit === "string" && explicit.trim() !== "" ? explicit : undefined;
      const built = await build(context);
      const moved = catalog.allowExplicitBaseUrl && configured ? { ...built, baseUrl: configured } : built;
      if (!discovery) return { provider: { ...moved, apiKey } };
      const live = await buildOpenAICompatibleLiveProviderCatalog({
        ...(discovery === true ? {} : discovery),
        providerId: id,
        // The list is asked of the address that answers, whatever the catalogue says of it.
        providerConfig: configured ? { ...moved, baseUrl: configured } : moved,
        apiKey,
        discoveryApiKey,
        signal: context.signal,
      });
      return {
        provider: { ...moved, apiKey, ...(live.provider.models ? { models: live.provider.models } : {}) },
      };
    },
  };
}

function staticCatalogOf(
  catalog: CatalogOptions | undefined,
  known: (() => ProviderConfig) | undefined,
): ProviderCatalog | undefined {
  if (catalog?.staticRun) return { order: "simple", run: catalog.staticRun };
  const build = catalog?.buildStaticProvider ?? (catalog ? known : undefined);
  return build ? { order: "simple", run: async () => ({ provider: await build() }) } : undefined;
}

function completeApiKeyAuth(
  method: ApiKeyAuth,
  providerId: string,
  label: string,
  envVars: readonly string[],
): ProviderAuthMethod {
  return createProviderApiKeyAuthMethod({
    providerId,
    label: `${label} API key`,
    optionKey: `${providerId.replace(/-(.)/g, (_match, letter: string) => letter.toUpperCase())}ApiKey`,
    flagName: `--${providerId}-api-key`,
    envVar: envVars[0] ?? `${providerId.toUpperCase().replaceAll("-", "_")}_API_KEY`,
    promptMessage: `${label} API key`,
    ...method,
  });
}

/** The variables that the ways of signing in look into. */
function authEnvVars(methods: readonly { [member: string]: unknown }[]): string[] {
  const names = methods.map(({ envVar }) => envVar).filter((name) => typeof name === "string");
  return [...new Set(names)];
}

function manifestEnvVars(manifest: unknown, providerId: string): string[] | undefined {
  const providers = readPath(manifest, ["setup", "providers"]);
  const found = (Array.isArray(providers) ? providers : [])
    .filter(isRecord)
    .find((row) => row["id"] === providerId);
  return Array.isArray(found?.["envVars"]) ? (found["envVars"] as string[]) : undefined;
}

/** `providerAuthChoices` with the method `api-key`. */
function manifestAuthMethods(
  manifest: unknown,
  providerId: string,
  extra: Partial<ApiKeyAuthOptions>,
): ApiKeyAuth[] {
  const choices = readPath(manifest, ["providerAuthChoices"]);
  return (Array.isArray(choices) ? choices : [])
    .filter(isRecord)
    .filter((choice) => choice["provider"] === providerId && choice["method"] === "api-key")
    .map((choice) => ({
      ...extra,
      methodId: "api-key",
      ...(typeof choice["choiceLabel"] === "string"
        ? { label: choice["choiceLabel"], promptMessage: choice["choiceLabel"] }
        : {}),
      ...(typeof choice["optionKey"] === "string" ? { optionKey: choice["optionKey"] } : {}),
      ...(typeof choice["cliFlag"] === "string" ? { flagName: choice["cliFlag"] } : {}),
    }));
}
