import type { PluginManifest } from "../../contracts/manifest.ts";
import { isSecretKey } from "../../kernel/redaction.ts";

/** What was read of a manifest, by what it is about; without values that may be secret. JSON-compatible. */
export interface ManifestMetadata {
  readonly catalog?: PluginManifest["catalog"];
  readonly ownership: object;
  readonly activation: PluginManifest["activation"];
  readonly setup?: PluginManifest["setup"];
  readonly maintenance: PluginManifest["maintenance"];
  readonly config: object;
  readonly models: PluginManifest["providerMetadata"];
  readonly tools: PluginManifest["toolMetadata"];
  readonly capabilities: PluginManifest["capabilityMetadata"];
  readonly ui: object;
}

export function manifestMetadata(manifest: PluginManifest): ManifestMetadata {
  const { catalog, setup, controlUi, dashboard, secretInputsBundledDefault } = manifest;
  const channelConfigs = Object.entries(manifest.channelConfigs).map(
    ([id, { schema: _schema, ...shown }]) => [id, shown],
  );
  return withoutSecrets({
    ...(catalog ? { catalog } : {}),
    ownership: {
      channels: manifest.channels,
      channelAccountKeyPolicies: manifest.channelAccountKeyPolicies,
      providers: manifest.providers,
      cliBackends: manifest.cliBackends,
      commandAliases: manifest.commandAliases,
      cliCommands: manifest.cliCommands,
      qaRunners: manifest.qaRunners,
    },
    activation: manifest.activation,
    ...(setup ? { setup } : {}),
    maintenance: manifest.maintenance,
    config: {
      groups: manifest.configGroups,
      uiHints: manifest.uiHints,
      channels: Object.fromEntries(channelConfigs),
      secretInputs: manifest.secretInputs,
      ...(secretInputsBundledDefault === undefined ? {} : { secretInputsBundledDefault }),
      dangerousFlags: manifest.dangerousFlags,
      compatibilityMigrationPaths: manifest.compatibilityMigrationPaths,
      compatibilityRuntimePaths: manifest.compatibilityRuntimePaths,
    },
    models: manifest.providerMetadata,
    tools: manifest.toolMetadata,
    capabilities: manifest.capabilityMetadata,
    ui: {
      themes: manifest.themes,
      ...(controlUi ? { controlUi } : {}),
      ...(dashboard ? { dashboard } : {}),
    },
  }) as ManifestMetadata;
}

const MASK = "[redacted]";
/** Maps of which only the names are shown. */
const NAMES_ONLY = new Set(["headers", "env"]);

function withoutSecrets(value: unknown, key = ""): unknown {
  if (typeof value === "string")
    return isSecretKey(key) ? MASK : value.replace(/\/\/[^/@\s]*@/g, `//${MASK}@`);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    // Of a command line only the program is shown.
    return value.map((item, index) => (key === "args" && index > 0 ? MASK : withoutSecrets(item)));
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      NAMES_ONLY.has(key) ? MASK : withoutSecrets(item, name),
    ]),
  );
}
