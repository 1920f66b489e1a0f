import type { LoadedPlugin } from "../loading/loaded-plugin.ts";
import type { KnownPlugin } from "../snapshot.ts";
import type { PluginRecord } from "../types.ts";

/** Fields of the public record by the registry kind whose keys they list (spec 2.16). */
const ID_LISTS = {
  toolNames: "tool",
  hookNames: "hook",
  channelIds: "channel",
  cliBackendIds: "cliBackend",
  providerIds: "provider",
  embeddingProviderIds: "embeddingProvider",
  speechProviderIds: "speechProvider",
  realtimeTranscriptionProviderIds: "realtimeTranscriptionProvider",
  realtimeVoiceProviderIds: "realtimeVoiceProvider",
  mediaUnderstandingProviderIds: "mediaUnderstandingProvider",
  transcriptSourceProviderIds: "transcriptSourceProvider",
  imageGenerationProviderIds: "imageGenerationProvider",
  videoGenerationProviderIds: "videoGenerationProvider",
  musicGenerationProviderIds: "musicGenerationProvider",
  webFetchProviderIds: "webFetchProvider",
  webSearchProviderIds: "webSearchProvider",
  migrationProviderIds: "migrationProvider",
  contextEngineIds: "contextEngine",
  agentHarnessIds: "agentHarness",
  services: "service",
  gatewayDiscoveryServiceIds: "gatewayDiscoveryService",
  commands: "command",
} as const;

/** The record of one plugin as `plugins.inspect` shows it: with its package, and the ids of all it registered. */
export type PublicPluginRecord = PluginRecord & {
  readonly [List in keyof typeof ID_LISTS]: readonly string[];
} & {
  readonly format: "openclaw" | "bundle";
  readonly bundleFormat?: string;
  readonly bundleCapabilities?: readonly string[];
  readonly packageName?: string;
  readonly packageVersion?: string;
  readonly kind: readonly string[];
  readonly enabled: boolean;
  /** What kind of decision {@link enabled} is. */
  readonly activationSource: KnownPlugin["decision"]["source"];
  readonly activationReason: string;
  /** Whether what it registered is in use, not only looked at. */
  readonly activated: boolean;
  readonly cliCommands: readonly string[];
  readonly commandAliases: readonly string[];
  readonly httpRoutes: number;
  readonly hookCount: number;
  /** Whether it has settings. */
  readonly configSchema: boolean;
  /** The settings as JSON Schema, and what forms show of them. */
  readonly configJsonSchema?: object;
  readonly configUiHints?: object;
  readonly controlUi?: object;
  readonly dashboard?: object;
  readonly contracts: Readonly<Record<string, readonly string[]>>;
  readonly mcpServers: readonly string[];
  readonly memorySlotSelected: boolean;
  /** Older patterns it uses, by their code in the compatibility table. */
  readonly compat: readonly string[];
};

export interface PublicRecordParts {
  readonly record: PluginRecord;
  readonly known: KnownPlugin;
  readonly loaded: LoadedPlugin | undefined;
  readonly contributions: Readonly<Record<string, readonly string[]>>;
  readonly cliCommands: readonly string[];
  readonly mcpServers: readonly string[];
  readonly compat: readonly string[];
}

export function publicRecord(parts: PublicRecordParts): PublicPluginRecord {
  const { record, known, loaded, contributions } = parts;
  const { candidate, decision } = known;
  const { manifest, packageMetadata, bundle } = candidate;
  const lists = Object.fromEntries(
    Object.entries(ID_LISTS).map(([field, kind]) => [field, contributions[kind] ?? []]),
  ) as Record<keyof typeof ID_LISTS, readonly string[]>;
  const properties = manifest?.configSchema["properties"];
  return {
    ...record,
    ...lists,
    // The older adapters are embedding providers too (spec 2.17).
    embeddingProviderIds: [
      ...lists.embeddingProviderIds,
      ...(contributions["memoryEmbeddingProvider"] ?? []),
    ],
    format: candidate.format,
    ...(bundle ? { bundleFormat: bundle.format, bundleCapabilities: bundle.capabilities } : {}),
    ...(packageMetadata?.packageName ? { packageName: packageMetadata.packageName } : {}),
    ...(packageMetadata?.packageVersion ? { packageVersion: packageMetadata.packageVersion } : {}),
    kind: loaded?.definition.kinds ?? manifest?.kinds ?? [],
    enabled: decision.enabled,
    activationSource: decision.source,
    activationReason: decision.reason,
    activated: loaded?.mode === "full",
    cliCommands: parts.cliCommands,
    commandAliases: (manifest?.commandAliases ?? []).map(({ name }) => name),
    httpRoutes: contributions["httpRoute"]?.length ?? 0,
    hookCount: (contributions["typedHook"]?.length ?? 0) + (contributions["hook"]?.length ?? 0),
    configSchema: typeof properties === "object" && properties !== null && Object.keys(properties).length > 0,
    ...(manifest ? { configJsonSchema: manifest.configSchema, configUiHints: manifest.uiHints } : {}),
    ...(manifest?.controlUi ? { controlUi: manifest.controlUi } : {}),
    ...(manifest?.dashboard ? { dashboard: manifest.dashboard } : {}),
    contracts: contractLists(manifest?.contracts),
    mcpServers: parts.mcpServers,
    memorySlotSelected: known.memorySelected,
    compat: parts.compat,
  };
}

function contractLists(contracts: object = {}): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(contracts).filter(([, names]) => Array.isArray(names) && names.length > 0),
  ) as Record<string, readonly string[]>;
}
