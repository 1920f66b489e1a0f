import type { ConfigUiHint, PluginManifest } from "../../contracts/manifest.ts";
import type { DiagnosticCode } from "../diagnostic-codes.ts";
import { hasControlCharacters } from "../diagnostic-text.ts";
import { checkFatalParts } from "./fatal-parts.ts";
import { byKey, defined, isPlain, items, type Plain, text, texts } from "./fields.ts";
import { MAX_PLUGIN_ID_LENGTH } from "./limits.ts";
import {
  readActivation,
  readChannelConfig,
  readCliCommand,
  readCommandAlias,
  readConfigContracts,
  readDashboard,
  readKinds,
  readSetup,
  uniqueByName,
} from "./optional-parts.ts";
import { readProviderMetadata } from "./provider-parts.ts";

export interface ManifestProblem {
  code: DiagnosticCode;
  message: string;
  /** A fatal problem makes the candidate an error record; others are warnings. */
  fatal: boolean;
}

export interface NormalisedManifest {
  manifest?: PluginManifest;
  problems: readonly ManifestProblem[];
}

const RESERVED_IDS = new Set(["node-mcp"]);
const KNOWN = new Set([
  "id",
  "configSchema",
  "name",
  "description",
  "version",
  "kind",
  "categories",
  "skills",
  "enabledByDefault",
  "enabledByDefaultOnPlatforms",
  "requiresPlugins",
  "legacyPluginIds",
  "autoEnableWhenConfiguredProviders",
  "activation",
  "channels",
  "providers",
  "cliBackends",
  "commandAliases",
  "cliCommands",
  "mcpServers",
  "setup",
  "contracts",
  "uiHints",
  "channelConfigs",
  "toolMetadata",
  "configContracts",
  "dashboard",
  "controlUi",
  "providerCatalogEntry",
  "capabilityCatalogEntry",
  "modelSupport",
  "modelCatalog",
  "modelPricing",
  "modelIdNormalization",
  "providerEndpoints",
  "providerRequest",
  "syntheticAuthRefs",
  "nonSecretAuthMarkers",
  "providerUsageAuthEnvVars",
  "providerAuthAliases",
  "providerAuthChoices",
  "secretProviderIntegrations",
]);

/**
 * Turns the parsed manifest into its normal form (spec 1). Unknown keys go to `extra`; malformed optional
 * parts are dropped; only what the spec calls fatal refuses the plugin.
 */
export function normaliseManifest(value: unknown): NormalisedManifest {
  const problems: ManifestProblem[] = [];
  const fatal = (code: DiagnosticCode, message: string) => problems.push({ code, message, fatal: true });
  if (!isPlain(value)) {
    fatal("manifest-invalid", "the manifest must be an object");
    return { problems };
  }
  const id = text(value["id"]);
  if (!id) fatal("manifest-invalid", 'the manifest needs an "id"');
  else if (id.length > MAX_PLUGIN_ID_LENGTH) {
    fatal("manifest-invalid", `the id is longer than ${MAX_PLUGIN_ID_LENGTH} characters`);
  } else if (hasControlCharacters(id)) {
    fatal("manifest-invalid", "the id holds control characters");
  } else if (RESERVED_IDS.has(id.toLowerCase())) {
    fatal("manifest-id-reserved", `the id "${id}" is reserved by the host; choose another`);
  }
  if (!isPlain(value["configSchema"])) {
    fatal(
      "manifest-config-schema-missing",
      'the manifest needs a "configSchema"; without settings use { "type": "object", "additionalProperties": false }',
    );
  }
  checkFatalParts(value, fatal);
  if (problems.length > 0) return { problems };
  const warn = (message: string) => problems.push({ code: "manifest-path-ignored", message, fatal: false });

  const manifest: PluginManifest = {
    id: id as string,
    configSchema: value["configSchema"] as Plain,
    ...defined({
      name: text(value["name"]),
      description: text(value["description"]),
      version: text(value["version"]),
      setup: readSetup(value["setup"]),
      dashboard: readDashboard(value["dashboard"]),
      controlUi: isPlain(value["controlUi"])
        ? { entry: text(value["controlUi"]["entry"]) ?? "", styles: texts(value["controlUi"]["styles"]) }
        : undefined,
    }),
    kinds: readKinds(value["kind"]),
    categories: texts(value["categories"]),
    skills: texts(value["skills"]),
    enabledByDefault: value["enabledByDefault"] === true,
    enabledByDefaultOnPlatforms: texts(value["enabledByDefaultOnPlatforms"]),
    requiresPlugins: texts(value["requiresPlugins"]),
    legacyPluginIds: texts(value["legacyPluginIds"]),
    autoEnableWhenConfiguredProviders: texts(value["autoEnableWhenConfiguredProviders"]),
    activation: readActivation(value["activation"]),
    channels: texts(value["channels"]),
    providers: texts(value["providers"]),
    cliBackends: texts(value["cliBackends"]),
    commandAliases: items(value["commandAliases"], readCommandAlias),
    cliCommands: uniqueByName(items(value["cliCommands"], readCliCommand)),
    mcpServers: byKey(value["mcpServers"], (item) => (isPlain(item) ? item : undefined)),
    contracts: byKey(value["contracts"], (item) => (Array.isArray(item) ? texts(item) : undefined)),
    declaresContracts: isPlain(value["contracts"]),
    uiHints: byKey(value["uiHints"], (item) => (isPlain(item) ? (item as ConfigUiHint) : undefined)),
    channelConfigs: byKey(value["channelConfigs"], readChannelConfig),
    toolMetadata: byKey(value["toolMetadata"], (item) => (isPlain(item) ? item : undefined)),
    ...readConfigContracts(value["configContracts"]),
    providerMetadata: readProviderMetadata(value, warn),
    extra: Object.fromEntries(Object.entries(value).filter(([key]) => !KNOWN.has(key))),
  };
  return { manifest, problems };
}
