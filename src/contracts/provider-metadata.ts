/**
 * What a manifest says of model providers (spec 1.10, 1.11): enough to name models, find keys and offer
 * sign-ins without running the plugin.
 */
import type { ModelDefinition } from "./model-stream.ts";

/** Which bare model names belong to the plugin's first provider. */
export interface ManifestModelSupport {
  readonly modelPrefixes: readonly string[];
  /** Patterns that can not backtrack for ever; others are dropped. */
  readonly modelPatterns: readonly string[];
}

/** A model as a manifest lists it; only the id must be there. */
export type ManifestModelRow = Readonly<Partial<Omit<ModelDefinition, "id">> & { id: string }> & {
  readonly status?: "available" | "preview" | "deprecated" | "disabled";
  readonly statusReason?: string;
  readonly replaces?: readonly string[];
  readonly replacedBy?: string;
  readonly tags?: readonly string[];
};

export interface ManifestCatalogProvider {
  readonly baseUrl?: string;
  readonly api?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly defaultUtilityModel?: string;
  readonly models: readonly ManifestModelRow[];
}

/** Hides a model, or says what took its place; `when` restricts it to some addresses or transports. */
export interface ManifestModelSuppression {
  readonly provider: string;
  readonly model: string;
  readonly reason?: string;
  readonly retirement?: { readonly replacedBy: string };
  readonly when?: {
    readonly baseUrlHosts?: readonly string[];
    readonly providerConfigApiIn?: readonly string[];
  };
}

export interface ManifestModelCatalog {
  readonly providers: Readonly<Record<string, ManifestCatalogProvider>>;
  /** Provider alias to the id it stands for, with what differs. */
  readonly aliases: Readonly<
    Record<string, { readonly provider: string; readonly api?: string; readonly baseUrl?: string }>
  >;
  readonly suppressions: readonly ManifestModelSuppression[];
  readonly discovery: Readonly<Record<string, "static" | "refreshable" | "runtime">>;
  readonly runtimeAugment?: boolean;
}

export interface ManifestModelIdNormalization {
  readonly aliases: Readonly<Record<string, string>>;
  readonly stripPrefixes: readonly string[];
  readonly prefixWhenBare?: string;
  readonly prefixWhenBareAfterAliasStartsWith: readonly {
    readonly modelPrefix: string;
    readonly prefix: string;
  }[];
}

/** One way to sign in, as set-up screens offer it. */
export interface ManifestAuthChoice {
  readonly provider: string;
  readonly method: string;
  readonly choiceId: string;
  /** Labels, groups, flags and hints as the manifest words them. */
  readonly presentation: Readonly<Record<string, unknown>>;
  readonly onboardingScopes: readonly string[];
}

/** Everything a manifest says of models and keys; empty parts where it says nothing. */
export interface ManifestProviderMetadata {
  /** Module that gives the provider's catalogue without the whole plugin, relative to the root. */
  readonly providerCatalogEntry?: string;
  readonly capabilityCatalogEntry?: string;
  readonly modelSupport?: ManifestModelSupport;
  readonly modelCatalog?: ManifestModelCatalog;
  readonly modelPricing?: Readonly<Record<string, unknown>>;
  /** By provider. */
  readonly modelIdNormalization: Readonly<Record<string, ManifestModelIdNormalization>>;
  readonly providerEndpoints: readonly (Readonly<Record<string, unknown>> & {
    readonly endpointClass: string;
  })[];
  readonly providerRequest: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly syntheticAuthRefs: readonly string[];
  /** Texts in the place of a key that are no key. */
  readonly nonSecretAuthMarkers: readonly string[];
  readonly providerUsageAuthEnvVars: Readonly<Record<string, readonly string[]>>;
  /** Alias provider to the provider whose key it uses, for all addresses or only some. */
  readonly providerAuthAliases: Readonly<
    Record<string, { readonly provider: string; readonly baseUrls?: readonly string[] }>
  >;
  readonly providerAuthChoices: readonly ManifestAuthChoice[];
  readonly secretProviderIntegrations: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
