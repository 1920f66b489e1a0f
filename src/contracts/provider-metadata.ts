/**
 * What a manifest says of model providers (spec 1.10, 1.11): enough to name models, find keys and offer
 * sign-ins without running the plugin.
 */
import type { ModelDefinition } from "./model-stream.ts";

/** Which bare model names belong to the plugin's first provider. */
export interface ManifestModelSupport {
  readonly modelPrefixes: readonly string[];
  /** Patterns that can not backtrack for ever, to be compiled without flags; others are dropped. */
  readonly modelPatterns: readonly string[];
}

/** Prices per million tokens. */
type Prices = Readonly<NonNullable<ModelDefinition["cost"]>>;

export interface ManifestModelCost extends Prices {
  /** Other prices for prompts of some length: from, and up to, so many tokens. */
  readonly tieredPricing?: readonly (Prices & { readonly range: readonly number[] })[];
}

/** A model as a manifest lists it; only the id must be there. */
export type ManifestModelRow = Readonly<
  Partial<Pick<ModelDefinition, "name" | "api" | "baseUrl" | "reasoning" | "contextWindow" | "maxTokens">>
> & {
  readonly id: string;
  readonly input?: readonly ("text" | "image")[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cost?: ManifestModelCost;
  readonly compat?: Readonly<Record<string, unknown>>;
  /** Windows a caller may choose between, in tokens. */
  readonly contextWindows?: readonly number[];
  readonly contextWindowDefault?: number;
  /** What of the window is used, when that is less than all. */
  readonly contextTokens?: number;
  /** Thinking level to the provider's word for it; null where the model has no such level. */
  readonly thinkingLevelMap?: Readonly<Record<string, string | null>>;
  /** The name the provider's interface takes, where it is not the id. */
  readonly upstreamModel?: string;
  readonly mediaInput?: Readonly<Record<string, unknown>>;
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
  readonly defaultModel?: string;
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
  /** Provider to its name in the models.dev catalogue. */
  readonly modelsDev: Readonly<Record<string, string>>;
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

/** Addresses that belong to one class of endpoints. */
export interface ManifestProviderEndpoint {
  readonly endpointClass: string;
  readonly hosts?: readonly string[];
  readonly hostSuffixes?: readonly string[];
  readonly baseUrls?: readonly string[];
  readonly googleVertexRegion?: string;
  readonly googleVertexRegionHostSuffix?: string;
}

/** How requests to a provider are shaped. */
export interface ManifestProviderRequest {
  readonly family?: string;
  readonly compatibilityFamily?: "moonshot";
  readonly openAICompletions?: { readonly supportsStreamingUsage?: boolean };
}

/** Labels, groups, flags and hints of a way to sign in. */
export interface ManifestAuthPresentation {
  readonly platforms?: readonly string[];
  readonly choiceLabel?: string;
  readonly choiceHint?: string;
  readonly icon?: string;
  /** `https:` only. */
  readonly website?: string;
  readonly assistantPriority?: number;
  readonly assistantVisibility?: "visible" | "manual-only" | "detected-only";
  readonly deprecatedChoiceIds?: readonly string[];
  readonly groupId?: string;
  readonly groupLabel?: string;
  readonly groupHint?: string;
  readonly onboardingFeatured?: boolean;
  readonly optionKey?: string;
  readonly cliFlag?: string;
  readonly cliOption?: string;
  readonly cliDescription?: string;
  readonly personalAccount?: boolean;
  readonly appGuidedSecret?: boolean;
  readonly appGuidedActionLabel?: string;
  readonly appGuidedDiscovery?: boolean;
  readonly appGuidedAuth?: "oauth" | "device-code";
  readonly credentialOnly?: boolean;
  readonly channelLogin?: { readonly aliases: readonly string[] };
  readonly modelTarget?: "utility";
}

/** One way to sign in, as set-up screens offer it. */
export interface ManifestAuthChoice {
  readonly provider: string;
  readonly method: string;
  readonly choiceId: string;
  readonly presentation: ManifestAuthPresentation;
  /** `text-inference` where the manifest names none. */
  readonly onboardingScopes: readonly ("text-inference" | "image-generation" | "music-generation")[];
}

/** A script of the plugin that gives out secrets, run by this host's own node. */
export interface ManifestSecretIntegration {
  readonly providerAlias?: string;
  readonly displayName?: string;
  readonly source: "exec";
  readonly command: "${node}";
  /** First the script, relative to the plugin's root. */
  readonly args: readonly string[];
  readonly timeoutMs?: number;
  readonly noOutputTimeoutMs?: number;
  readonly maxOutputBytes?: number;
  readonly jsonOnly?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Variables of the gateway's environment that the script sees. */
  readonly passEnv?: readonly string[];
}

/** Everything a manifest says of models and keys; empty parts where it says nothing. */
export interface ManifestProviderMetadata {
  /** Module that gives the provider's catalogue without the whole plugin, relative to the root. */
  readonly providerCatalogEntry?: string;
  /** Module that gives speech and voice providers without the whole plugin, relative to the root. */
  readonly capabilityCatalogEntry?: string;
  readonly modelSupport?: ManifestModelSupport;
  readonly modelCatalog?: ManifestModelCatalog;
  /** By provider: where its prices are looked up, `false` for a source that must not be asked. */
  readonly modelPricing?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** By provider. */
  readonly modelIdNormalization: Readonly<Record<string, ManifestModelIdNormalization>>;
  readonly providerEndpoints: readonly ManifestProviderEndpoint[];
  /** By provider. */
  readonly providerRequest: Readonly<Record<string, ManifestProviderRequest>>;
  readonly syntheticAuthRefs: readonly string[];
  /** Texts in the place of a key that are no key. */
  readonly nonSecretAuthMarkers: readonly string[];
  /** Provider to the variables that hold keys for usage and billing; never used to ask models. */
  readonly providerUsageAuthEnvVars: Readonly<Record<string, readonly string[]>>;
  /** Alias provider to the provider whose key it uses, for all addresses or only some. */
  readonly providerAuthAliases: Readonly<
    Record<string, { readonly provider: string; readonly baseUrls?: readonly string[] }>
  >;
  readonly providerAuthChoices: readonly ManifestAuthChoice[];
  readonly secretProviderIntegrations: Readonly<Record<string, ManifestSecretIntegration>>;
}
