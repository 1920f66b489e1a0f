/**
 * The static metadata of a plugin (spec 1): what `openclaw.plugin.json` and `package.json#openclaw` say,
 * after normalisation. Strings are trimmed, lists deduplicated, malformed optional parts dropped.
 */

import type { ManifestCapabilityMetadata, ManifestToolMetadata } from "./capability-metadata.ts";
import type { ManifestMaintenance } from "./maintenance-metadata.ts";
import type { ManifestProviderMetadata } from "./provider-metadata.ts";

export type { ManifestToolMetadata } from "./capability-metadata.ts";

/** JSON Schema as found in a manifest; kept as data and validated lazily. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Exclusive parts of the gateway that a plugin may take; `plugins.slots` selects one of each. */
export type PluginKind = "memory" | "context-engine";

/** What needs the plugin, so that it is loaded then and not before. */
export interface ManifestActivation {
  readonly onStartup?: boolean;
  readonly onProviders: readonly string[];
  readonly onAgentHarnesses: readonly string[];
  readonly onCommands: readonly string[];
  readonly onChannels: readonly string[];
  readonly onRoutes: readonly string[];
  readonly onConfigPaths: readonly string[];
  readonly onCapabilities: readonly ("provider" | "channel" | "tool" | "hook")[];
}

/** A command of the plugin, by the name it is looked for. */
export interface ManifestCommandAlias {
  readonly name: string;
  readonly kind?: "runtime-slash";
  readonly cliCommand?: string;
}

/** A command of `sluice`, as help shows it. */
export interface ManifestCliCommand {
  readonly name: string;
  readonly description: string;
  readonly hasSubcommands: boolean;
}

/** A file whose being there, with some variables, means that a provider can sign in. */
export interface ManifestAuthEvidence {
  readonly type: "local-file-with-env";
  /** Variable that holds the file's path; without one, or while it is unset, `fallbackPaths` are looked at. */
  readonly fileEnvVar?: string;
  readonly fallbackPaths: readonly string[];
  readonly requiresAnyEnv: readonly string[];
  readonly requiresAllEnv: readonly string[];
  /** What stands in the place of a key; no secret. */
  readonly credentialMarker: string;
  /** What people are told the key comes from. */
  readonly source?: string;
}

/** How a provider can be signed in to, before any code runs. */
export interface ManifestSetupProvider {
  readonly id: string;
  readonly authMethods: readonly string[];
  readonly envVars: readonly string[];
  readonly authEvidence: readonly ManifestAuthEvidence[];
}

/** Conversations of another program that may be listed once an operator agrees. */
export interface ManifestNativeSessionCatalog {
  readonly label: string;
  readonly description?: string;
  readonly nodeCommands: readonly string[];
  readonly legacyDefaultEnabled?: boolean;
}

/** What setting up the plugin needs. */
export interface ManifestSetup {
  readonly providers: readonly ManifestSetupProvider[];
  readonly cliBackends: readonly string[];
  readonly configMigrations: readonly string[];
  readonly nativeSessionCatalog?: ManifestNativeSessionCatalog;
  readonly requiresRuntime?: boolean;
}

/** Presentation of one config field, by dotted path. Sensitive fields are redacted wherever they show. */
export interface ConfigUiHint {
  readonly label?: string;
  readonly help?: string;
  readonly tags?: readonly string[];
  readonly advanced?: boolean;
  readonly sensitive?: boolean;
  readonly placeholder?: string;
  readonly presentation?: "phone-number";
}

/** A channel's settings: their schema and how they are shown. */
export interface ManifestChannelConfig {
  readonly schema: JsonSchema;
  readonly uiHints: Readonly<Record<string, ConfigUiHint>>;
  readonly label?: string;
  readonly description?: string;
  readonly commands?: {
    readonly nativeCommandsAutoEnabled?: boolean;
    readonly nativeSkillsAutoEnabled?: boolean;
  };
  readonly preferOver: readonly string[];
}

/** A named section of the settings, in the order settings screens show them. */
export interface ManifestConfigGroup {
  readonly id: string;
  readonly title: string;
  /** A whole number; lower stands first. */
  readonly order: number;
  readonly properties: readonly string[];
}

/** A config path that accepts a secret reference instead of text. */
export interface ManifestSecretInput {
  readonly path: string;
  readonly expected?: "string";
  readonly ownerKind?: "capability" | "route";
}

/** Names by contract key (`tools`, `embeddingProviders`, `agentToolResultMiddleware`…). */
export type ManifestContracts = Readonly<Record<string, readonly string[]>>;

/** A manifest in its normal form (spec 1): lists are there, what was malformed is not. */
export interface PluginManifest {
  readonly id: string;
  readonly configSchema: JsonSchema;
  readonly name?: string;
  readonly description?: string;
  readonly version?: string;
  readonly kinds: readonly PluginKind[];
  readonly categories: readonly string[];
  readonly skills: readonly string[];
  readonly enabledByDefault: boolean;
  readonly enabledByDefaultOnPlatforms: readonly string[];
  readonly requiresPlugins: readonly string[];
  readonly legacyPluginIds: readonly string[];
  readonly autoEnableWhenConfiguredProviders: readonly string[];
  readonly activation: ManifestActivation;
  /** Place in catalogues of plugins. */
  readonly catalog?: { readonly featured?: boolean; readonly order?: number };
  readonly channels: readonly string[];
  /**
   * By channel: whether (or in which field) an account must name itself before an alias of its key counts.
   */
  readonly channelAccountKeyPolicies: Readonly<
    Record<string, { readonly canonicalAliasesRequireOwnField?: boolean | string }>
  >;
  readonly providers: readonly string[];
  readonly cliBackends: readonly string[];
  readonly commandAliases: readonly ManifestCommandAlias[];
  readonly cliCommands: readonly ManifestCliCommand[];
  readonly qaRunners: readonly { readonly commandName: string; readonly description?: string }[];
  readonly mcpServers: Readonly<Record<string, unknown>>;
  readonly setup?: ManifestSetup;
  readonly contracts: ManifestContracts;
  /** False for a manifest without any `contracts` key: a plugin older than contracts. */
  readonly declaresContracts: boolean;
  readonly uiHints: Readonly<Record<string, ConfigUiHint>>;
  readonly configGroups: readonly ManifestConfigGroup[];
  readonly channelConfigs: Readonly<Record<string, ManifestChannelConfig>>;
  readonly toolMetadata: Readonly<Record<string, ManifestToolMetadata>>;
  readonly secretInputs: readonly ManifestSecretInput[];
  /** Whether a plugin that comes with the host takes secret references without being told to. */
  readonly secretInputsBundledDefault?: boolean;
  /** Config paths whose older spellings the plugin rewrites, or still reads. */
  readonly compatibilityMigrationPaths: readonly string[];
  readonly compatibilityRuntimePaths: readonly string[];
  readonly dangerousFlags: readonly { readonly path: string; readonly equals: unknown }[];
  readonly dashboard?: ManifestDashboard;
  readonly controlUi?: { readonly entry: string; readonly styles: readonly string[] };
  /** Colour themes for the control page, as written. */
  readonly themes: readonly Readonly<Record<string, unknown>>[];
  /** What it says of models and keys. */
  readonly providerMetadata: ManifestProviderMetadata;
  readonly capabilityMetadata: ManifestCapabilityMetadata;
  readonly maintenance: ManifestMaintenance;
}

export interface ManifestDashboard {
  readonly dataBindings: readonly { id: string; method: string; description: string }[];
  readonly actionVerbs: readonly { id: string; method: string; description: string; paramShape?: unknown }[];
}

/** `package.json#openclaw` (spec 1.15). */
export interface PackageMetadata {
  readonly packageName?: string;
  readonly packageVersion?: string;
  readonly extensions?: readonly string[];
  readonly runtimeExtensions?: readonly string[];
  readonly setupEntry?: string;
  readonly runtimeSetupEntry?: string;
  readonly plugin?: { readonly id?: string; readonly label?: string };
  readonly channel?: Readonly<Record<string, unknown>> & { readonly id?: string };
  readonly compat?: { readonly pluginApi?: string; readonly minGatewayVersion?: string };
  readonly install?: Readonly<Record<string, unknown>>;
  readonly build?: Readonly<Record<string, unknown>>;
  readonly dependencies: readonly string[];
}
