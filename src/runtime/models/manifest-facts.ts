import type { PluginManifest } from "../../contracts/manifest.ts";
import type { ProviderConfig } from "../../contracts/provider.ts";
import type {
  ManifestCatalogProvider,
  ManifestModelIdNormalization,
  ManifestModelSuppression,
} from "../../contracts/provider-metadata.ts";
import { type NamedModels, normalizeModelId, providerOfModelName } from "./model-names.ts";
import { normalizeProviderId } from "./model-ref.ts";
import { type ModelPlace, type ModelRemark, suppressionOf } from "./suppression.ts";

/** The manifests of the enabled plugins; the same array until plugins or configuration change. */
export type ManifestReader = () => readonly PluginManifest[];

/** Another name of a provider, with what differs under it. */
export interface CatalogueAlias {
  readonly provider: string;
  readonly api?: string;
  readonly baseUrl?: string;
}

/** What has to be loaded before all models can be told. */
export interface Undeclared {
  readonly providers: readonly string[];
  /** A plugin that may provide anything. */
  readonly anything: boolean;
}

/**
 * What the manifests of the enabled plugins say of models and keys (spec 1.10, 1.11), by provider; runs no
 * plugin code. A plugin speaks for its own providers only: it can not give another's models an address.
 */
export class ManifestFacts {
  /** Providers with the models their manifests list. */
  readonly providers: ReadonlyMap<string, ProviderConfig>;
  readonly aliases: ReadonlyMap<string, CatalogueAlias>;
  readonly undeclared: Undeclared;
  /** Providers whose servers know newer models than their manifests list. */
  readonly refreshable: readonly string[];
  readonly #named: NamedModels[] = [];
  readonly #normalization = new Map<string, ManifestModelIdNormalization>();
  readonly #suppressions: ManifestModelSuppression[] = [];
  readonly #envVars = new Map<string, string[]>();
  readonly #authAliases = new Map<string, { provider: string; baseUrls?: readonly string[] }>();
  readonly #markers = new Set<string>();

  constructor(manifests: readonly PluginManifest[]) {
    const providers = new Map<string, ProviderConfig>();
    const aliases = new Map<string, CatalogueAlias>();
    const undeclared = new Set<string>();
    const refreshable = new Set<string>();
    let anything = false;
    for (const manifest of manifests) {
      const own = providersOf(manifest);
      const listed = this.#readCatalogue(manifest, own, providers, aliases, refreshable);
      if (!listed) {
        for (const id of own) undeclared.add(id);
        anything ||= manifest.activation.onCapabilities.includes("provider");
      }
      this.#readNames(manifest, own);
      this.#readKeys(manifest);
    }
    // Nobody takes another plugin's provider by calling it an alias.
    const owned = new Set(manifests.flatMap((manifest) => manifest.providers.map(normalizeProviderId)));
    for (const alias of aliases.keys()) if (owned.has(alias)) aliases.delete(alias);
    this.providers = providers;
    this.aliases = aliases;
    this.refreshable = [...refreshable];
    this.undeclared = { providers: [...undeclared], anything };
  }

  /** The provider whose plugin serves an id: the id's own, unless it is an alias of a catalogue. */
  servedAs(provider: string): string {
    return this.aliases.get(provider)?.provider ?? provider;
  }

  /** The provider a model name without one belongs to. */
  providerOfModelName(name: string): string | undefined {
    return providerOfModelName(this.#named, name);
  }

  normalizeModelId(provider: string, modelId: string): string {
    const rules = this.#normalization.get(provider);
    return rules ? normalizeModelId(rules, modelId) : modelId;
  }

  suppression(place: ModelPlace): ModelRemark | undefined {
    return suppressionOf(this.#suppressions, place);
  }

  /** Environment variables that hold a provider's key. */
  envVarsOf(provider: string): readonly string[] {
    return this.#envVars.get(provider) ?? [];
  }

  /**
   * The provider whose key another uses, the id's own without an alias. An alias for some addresses counts
   * only with `baseUrl` below one of them.
   */
  authProviderOf(provider: string, baseUrl?: string): string {
    const alias = this.#authAliases.get(provider);
    if (!alias) return provider;
    const fits = !alias.baseUrls || alias.baseUrls.some((allowed) => isBelow(baseUrl, allowed));
    return fits ? alias.provider : provider;
  }

  /** True for a text that stands where a key would and is none. */
  isMarker(text: string): boolean {
    return this.#markers.has(text.trim());
  }

  /** @returns whether the manifest tells all models of its providers */
  #readCatalogue(
    { providerMetadata }: PluginManifest,
    own: ReadonlySet<string>,
    providers: Map<string, ProviderConfig>,
    aliases: Map<string, CatalogueAlias>,
    refreshable: Set<string>,
  ): boolean {
    const catalogue = providerMetadata.modelCatalog;
    if (!catalogue) return own.size === 0;
    const told = new Set<string>();
    for (const [rawId, row] of Object.entries(catalogue.providers)) {
      const id = normalizeProviderId(rawId);
      const discovery = catalogue.discovery[rawId] ?? catalogue.discovery[id];
      if (!own.has(id) || discovery === "runtime") continue;
      told.add(id);
      if (discovery === "refreshable") refreshable.add(id);
      if (!providers.has(id)) providers.set(id, configOf(row));
    }
    for (const [rawAlias, alias] of Object.entries(catalogue.aliases)) {
      const id = normalizeProviderId(rawAlias);
      const provider = normalizeProviderId(alias.provider);
      if (own.has(provider) && !aliases.has(id)) aliases.set(id, { ...alias, provider });
    }
    for (const rule of catalogue.suppressions) {
      const provider = normalizeProviderId(rule.provider);
      if (own.has(provider) || own.has(aliases.get(provider)?.provider ?? "")) {
        this.#suppressions.push({ ...rule, provider });
      }
    }
    // A provider that makes up its key at run time has to be asked whether it can.
    const synthetic = providerMetadata.syntheticAuthRefs.map(normalizeProviderId);
    return (
      catalogue.runtimeAugment !== true && [...own].every((id) => told.has(id) && !synthetic.includes(id))
    );
  }

  #readNames({ providers, providerMetadata }: PluginManifest, own: ReadonlySet<string>): void {
    const [first] = providers;
    if (providerMetadata.modelSupport && first !== undefined) {
      this.#named.push({ provider: normalizeProviderId(first), support: providerMetadata.modelSupport });
    }
    for (const [rawId, rules] of Object.entries(providerMetadata.modelIdNormalization)) {
      const id = normalizeProviderId(rawId);
      if (own.has(id) && !this.#normalization.has(id)) this.#normalization.set(id, rules);
    }
  }

  #readKeys({ setup, providerMetadata }: PluginManifest): void {
    for (const { id: rawId, envVars } of setup?.providers ?? []) {
      const id = normalizeProviderId(rawId);
      this.#envVars.set(id, [...new Set([...(this.#envVars.get(id) ?? []), ...envVars])]);
    }
    for (const [rawAlias, alias] of Object.entries(providerMetadata.providerAuthAliases)) {
      const id = normalizeProviderId(rawAlias);
      if (this.#authAliases.has(id)) continue;
      this.#authAliases.set(id, { ...alias, provider: normalizeProviderId(alias.provider) });
    }
    for (const marker of providerMetadata.nonSecretAuthMarkers) this.#markers.add(marker);
  }
}

/** Keeps the facts of the newest manifests: they are read once, and again when there are others. */
export class CurrentFacts {
  readonly #manifests: ManifestReader;
  #read: readonly PluginManifest[] | undefined;
  #facts = new ManifestFacts([]);
  #version = 0;

  constructor(manifests: ManifestReader) {
    this.#manifests = manifests;
  }

  now(): ManifestFacts {
    const manifests = this.#manifests();
    if (manifests !== this.#read) {
      this.#read = manifests;
      this.#facts = new ManifestFacts(manifests);
      this.#version += 1;
    }
    return this.#facts;
  }

  /** Changes with the manifests. */
  version(): number {
    this.now();
    return this.#version;
  }
}

/** The providers a plugin may load for; what it says of others is not believed. */
function providersOf({ providers, activation, setup }: PluginManifest): ReadonlySet<string> {
  const ids = [...providers, ...activation.onProviders, ...(setup?.providers ?? []).map(({ id }) => id)];
  return new Set(ids.map(normalizeProviderId));
}

function configOf({ baseUrl, api, headers, models }: ManifestCatalogProvider): ProviderConfig {
  return {
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(api === undefined ? {} : { api }),
    ...(headers === undefined ? {} : { headers: { ...headers } }),
    models: models.map(({ input, ...row }) => ({ ...row, ...(input ? { input: [...input] } : {}) })),
  };
}

function isBelow(url: string | undefined, allowed: string): boolean {
  if (url === undefined || !URL.canParse(url) || !URL.canParse(allowed)) return false;
  const [given, base] = [new URL(url), new URL(allowed)];
  const path = base.pathname.replace(/\/+$/, "");
  const below = given.pathname === path || given.pathname.startsWith(`${path}/`);
  return given.origin === base.origin && below;
}
