/**
 * The static metadata of a plugin (spec 1): what `openclaw.plugin.json` and `package.json#openclaw` say,
 * after normalisation. Strings are trimmed, lists deduplicated, malformed optional parts dropped.
 */

import type { ManifestProviderMetadata } from "./provider-metadata.ts";

/** JSON Schema as found in a manifest; kept as data and validated lazily. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export type PluginKind = "memory" | "context-engine";

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

export interface ManifestCommandAlias {
  readonly name: string;
  readonly kind?: "runtime-slash";
  readonly cliCommand?: string;
}

export interface ManifestCliCommand {
  readonly name: string;
  readonly description: string;
  readonly hasSubcommands: boolean;
}

export interface ManifestSetupProvider {
  readonly id: string;
  readonly authMethods: readonly string[];
  readonly envVars: readonly string[];
}

export interface ManifestSetup {
  readonly providers: readonly ManifestSetupProvider[];
  readonly cliBackends: readonly string[];
  readonly configMigrations: readonly string[];
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
  readonly presentation?: string;
}

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

export interface ManifestToolMetadata {
  readonly optional?: boolean;
  readonly profiles?: readonly string[];
  readonly replaySafe?: boolean;
  readonly sideEffecting?: boolean;
}

/** A config path that accepts a secret reference instead of text. */
export interface ManifestSecretInput {
  readonly path: string;
  readonly expected?: "string";
  readonly ownerKind?: "capability" | "route";
}

/** Names by contract key (`tools`, `embeddingProviders`, `agentToolResultMiddleware`…). */
export type ManifestContracts = Readonly<Record<string, readonly string[]>>;

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
  readonly channels: readonly string[];
  readonly providers: readonly string[];
  readonly cliBackends: readonly string[];
  readonly commandAliases: readonly ManifestCommandAlias[];
  readonly cliCommands: readonly ManifestCliCommand[];
  readonly mcpServers: Readonly<Record<string, unknown>>;
  readonly setup?: ManifestSetup;
  readonly contracts: ManifestContracts;
  /** False for a manifest without any `contracts` key: a plugin older than contracts. */
  readonly declaresContracts: boolean;
  readonly uiHints: Readonly<Record<string, ConfigUiHint>>;
  readonly channelConfigs: Readonly<Record<string, ManifestChannelConfig>>;
  readonly toolMetadata: Readonly<Record<string, ManifestToolMetadata>>;
  readonly secretInputs: readonly ManifestSecretInput[];
  readonly dangerousFlags: readonly { readonly path: string; readonly equals: unknown }[];
  readonly dashboard?: ManifestDashboard;
  readonly controlUi?: { readonly entry: string; readonly styles: readonly string[] };
  /** What it says of models and keys. */
  readonly providerMetadata: ManifestProviderMetadata;
  /** Every other key as written, for rooms that read their own metadata (catalogues, auth choices…). */
  readonly extra: Readonly<Record<string, unknown>>;
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
