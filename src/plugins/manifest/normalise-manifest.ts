import type { PluginManifest } from "../../contracts/manifest.ts";
import type { DiagnosticCode } from "../diagnostic-codes.ts";
import { hasControlCharacters } from "../diagnostic-text.ts";
import { readCapabilityMetadata, readToolMetadata } from "./capability-parts.ts";
import { readChannelConfig, readConfigContracts, readConfigGroups, readUiHints } from "./config-parts.ts";
import { checkFatalParts } from "./fatal-parts.ts";
import { byKey, defined, isPlain, items, type Plain, text, texts } from "./fields.ts";
import { innerPath } from "./inner-path.ts";
import { MAX_PLUGIN_ID_LENGTH } from "./limits.ts";
import { readMaintenance } from "./maintenance-parts.ts";
import {
  readAccountKeyPolicy,
  readActivation,
  readCatalog,
  readCliCommand,
  readCommandAlias,
  readDashboard,
  readKinds,
  readQaRunner,
  uniqueByName,
} from "./optional-parts.ts";
import { readProviderMetadata } from "./provider-parts.ts";
import { readSetup } from "./setup-parts.ts";

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
/**
 * Turns the parsed manifest into its normal form (spec 1). Unknown keys and malformed optional parts are dropped;
 * only what the spec calls fatal refuses the plugin.
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
  const contracts = byKey(value["contracts"], (item) => (Array.isArray(item) ? texts(item) : undefined));

  const manifest: PluginManifest = {
    id: id as string,
    configSchema: value["configSchema"] as Plain,
    ...defined({
      name: text(value["name"]),
      description: text(value["description"]),
      version: text(value["version"]),
      catalog: readCatalog(value["catalog"]),
      setup: readSetup(value["setup"]),
      dashboard: readDashboard(value["dashboard"]),
      controlUi: isPlain(value["controlUi"])
        ? { entry: text(value["controlUi"]["entry"]) ?? "", styles: texts(value["controlUi"]["styles"]) }
        : undefined,
    }),
    kinds: readKinds(value["kind"]),
    categories: texts(value["categories"]),
    skills: texts(value["skills"]).filter((path) => innerPath(path, "skills", warn) !== undefined),
    enabledByDefault: value["enabledByDefault"] === true,
    enabledByDefaultOnPlatforms: texts(value["enabledByDefaultOnPlatforms"]),
    requiresPlugins: texts(value["requiresPlugins"]),
    legacyPluginIds: texts(value["legacyPluginIds"]),
    autoEnableWhenConfiguredProviders: texts(value["autoEnableWhenConfiguredProviders"]),
    activation: readActivation(value["activation"]),
    channels: texts(value["channels"]),
    channelAccountKeyPolicies: byKey(value["channelAccountKeyPolicies"], readAccountKeyPolicy),
    providers: texts(value["providers"]),
    cliBackends: texts(value["cliBackends"]),
    commandAliases: items(value["commandAliases"], readCommandAlias),
    cliCommands: uniqueByName(items(value["cliCommands"], readCliCommand)),
    qaRunners: items(value["qaRunners"], readQaRunner),
    mcpServers: byKey(value["mcpServers"], (item) => (isPlain(item) ? item : undefined)),
    contracts,
    declaresContracts: isPlain(value["contracts"]),
    uiHints: readUiHints(value["uiHints"]),
    configGroups: readConfigGroups(value["configGroups"]),
    channelConfigs: byKey(value["channelConfigs"], readChannelConfig),
    toolMetadata: readToolMetadata(value["toolMetadata"]),
    ...readConfigContracts(value["configContracts"]),
    themes: (value["themes"] ?? []) as PluginManifest["themes"],
    providerMetadata: readProviderMetadata(value, warn),
    capabilityMetadata: readCapabilityMetadata(value, contracts),
    maintenance: readMaintenance(value),
  };
  return { manifest, problems };
}
