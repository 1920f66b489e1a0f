import type {
  ConfigUiHint,
  ManifestActivation,
  ManifestChannelConfig,
  ManifestDashboard,
  ManifestSetup,
  PluginKind,
  PluginManifest,
} from "../../contracts/manifest.ts";
import type { DiagnosticCode } from "../diagnostic-codes.ts";
import { hasControlCharacters } from "../diagnostic-text.ts";
import { byKey, defined, flag, isPlain, items, type Plain, text, texts } from "./fields.ts";
import {
  MAX_CATEGORIES,
  MAX_CONTROL_UI_ENTRY_LENGTH,
  MAX_CONTROL_UI_STYLES,
  MAX_PLUGIN_ID_LENGTH,
  MAX_THEMES,
} from "./limits.ts";

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
const COMMAND_NAME = /^[a-z0-9][a-z0-9_-]*$/i;
const CATEGORIES = new Set(
  (
    "channels models agent-runtimes memory context voice web media security integrations developer-tools " +
    "infrastructure documents-files inbox-collaboration productivity scheduling finance-payments " +
    "sales-marketing data-analytics agent-orchestration research other tools runtime gateway"
  ).split(" "),
);

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
    extra: Object.fromEntries(Object.entries(value).filter(([key]) => !KNOWN.has(key))),
  };
  return { manifest, problems };
}

function checkFatalParts(value: Plain, fatal: (code: DiagnosticCode, message: string) => void): void {
  const { categories, backupResources, themes, controlUi, dashboard } = value;
  if (categories !== undefined) {
    const valid =
      Array.isArray(categories) &&
      categories.length >= 1 &&
      categories.length <= MAX_CATEGORIES &&
      new Set(categories).size === categories.length &&
      categories.every((item) => typeof item === "string" && CATEGORIES.has(item));
    if (!valid) fatal("manifest-invalid", `"categories" must be 1 to ${MAX_CATEGORIES} known, unique names`);
  }
  if (backupResources !== undefined && !isBackupResources(backupResources)) {
    fatal("manifest-invalid", '"backupResources" items need exactly disposition, scope and relativePath');
  }
  if (
    themes !== undefined &&
    !(Array.isArray(themes) && themes.length <= MAX_THEMES && themes.every(isPlain))
  ) {
    fatal("manifest-invalid", `"themes" must be a list of at most ${MAX_THEMES} objects`);
  }
  if (controlUi !== undefined && !isControlUi(controlUi)) {
    fatal("manifest-invalid", '"controlUi.entry" must be a .js or .mjs file below dist/<folder>/');
  }
  if (dashboard !== undefined && !isDashboard(dashboard)) {
    fatal(
      "manifest-invalid",
      '"dashboard" needs dataBindings and actionVerbs of { id, method, description }',
    );
  }
}

function isBackupResources(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (item) =>
        isPlain(item) &&
        Object.keys(item).length === 3 &&
        (item["disposition"] === "include" || item["disposition"] === "regenerable") &&
        (item["scope"] === "state" || item["scope"] === "agent") &&
        typeof item["relativePath"] === "string" &&
        isStrictRelativePath(item["relativePath"]),
    )
  );
}

/** A relative POSIX path that stays below its folder without `.` or `..` parts. */
export function isStrictRelativePath(path: string): boolean {
  return (
    path !== "" &&
    !path.includes("\\") &&
    !path.includes("\0") &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}

function isControlUi(value: unknown): boolean {
  if (!isPlain(value)) return false;
  const { entry, styles } = value;
  if (typeof entry !== "string" || entry.length > MAX_CONTROL_UI_ENTRY_LENGTH) return false;
  const folder = /^(dist\/[^/]+\/)(?:[^/]+\/)*[^/]+\.m?js$/.exec(entry)?.[1];
  if (!folder || !isStrictRelativePath(entry)) return false;
  if (styles === undefined) return true;
  return (
    Array.isArray(styles) &&
    styles.length <= MAX_CONTROL_UI_STYLES &&
    styles.every(
      (style) =>
        typeof style === "string" &&
        style.endsWith(".css") &&
        style.startsWith(folder) &&
        isStrictRelativePath(style),
    )
  );
}

const DASHBOARD_ID = /^[a-z0-9][a-z0-9._-]*$/;

function isDashboard(value: unknown): boolean {
  if (!isPlain(value)) return false;
  return ["dataBindings", "actionVerbs"].every((key) => {
    const list = value[key];
    return (
      list === undefined ||
      (Array.isArray(list) &&
        list.every(
          (item) =>
            isPlain(item) &&
            typeof item["id"] === "string" &&
            DASHBOARD_ID.test(item["id"]) &&
            text(item["method"]) !== undefined &&
            text(item["description"]) !== undefined,
        ))
    );
  });
}

function readDashboard(value: unknown): ManifestDashboard | undefined {
  if (!isPlain(value)) return undefined;
  return {
    dataBindings: (value["dataBindings"] ?? []) as ManifestDashboard["dataBindings"],
    actionVerbs: (value["actionVerbs"] ?? []) as ManifestDashboard["actionVerbs"],
  };
}

function readKinds(value: unknown): readonly PluginKind[] {
  const named = Array.isArray(value) ? value : [value];
  return texts(named).filter((kind): kind is PluginKind => kind === "memory" || kind === "context-engine");
}

const CAPABILITIES = new Set(["provider", "channel", "tool", "hook"]);

function readActivation(value: unknown): ManifestActivation {
  const source = isPlain(value) ? value : {};
  return {
    ...defined({ onStartup: flag(source["onStartup"]) }),
    onProviders: texts(source["onProviders"]),
    onAgentHarnesses: texts(source["onAgentHarnesses"]),
    onCommands: texts(source["onCommands"]),
    onChannels: texts(source["onChannels"]),
    onRoutes: texts(source["onRoutes"]),
    onConfigPaths: texts(source["onConfigPaths"]),
    onCapabilities: texts(source["onCapabilities"]).filter((name) =>
      CAPABILITIES.has(name),
    ) as ManifestActivation["onCapabilities"],
  };
}

function readSetup(value: unknown): ManifestSetup | undefined {
  if (!isPlain(value)) return undefined;
  return {
    providers: items(value["providers"], (item) => {
      const id = text(item["id"]);
      return id
        ? { id, authMethods: texts(item["authMethods"]), envVars: texts(item["envVars"]) }
        : undefined;
    }),
    cliBackends: texts(value["cliBackends"]),
    configMigrations: texts(value["configMigrations"]),
    ...defined({ requiresRuntime: flag(value["requiresRuntime"]) }),
  };
}

function readCommandAlias(item: Plain) {
  const name = text(item["name"]);
  if (!name) return undefined;
  const kind = item["kind"] === "runtime-slash" ? ("runtime-slash" as const) : undefined;
  return { name, ...defined({ kind, cliCommand: text(item["cliCommand"]) }) };
}

function readCliCommand(item: Plain) {
  const name = text(item["name"]);
  const description = text(item["description"]);
  const hasSubcommands = flag(item["hasSubcommands"]);
  if (!name || !COMMAND_NAME.test(name) || !description || hasSubcommands === undefined) return undefined;
  return { name, description, hasSubcommands };
}

function uniqueByName<T extends { name: string }>(list: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return list.filter(({ name }) => !seen.has(name) && seen.add(name));
}

function readChannelConfig(item: unknown): ManifestChannelConfig | undefined {
  if (!isPlain(item) || !isPlain(item["schema"])) return undefined;
  const commands = isPlain(item["commands"]) ? item["commands"] : undefined;
  return {
    schema: item["schema"],
    uiHints: byKey(item["uiHints"], (hint) => (isPlain(hint) ? (hint as ConfigUiHint) : undefined)),
    preferOver: texts(item["preferOver"]),
    ...defined({
      label: text(item["label"]),
      description: text(item["description"]),
      commands: commands
        ? defined({
            nativeCommandsAutoEnabled: flag(commands["nativeCommandsAutoEnabled"]),
            nativeSkillsAutoEnabled: flag(commands["nativeSkillsAutoEnabled"]),
          })
        : undefined,
    }),
  };
}

function readConfigContracts(value: unknown): Pick<PluginManifest, "secretInputs" | "dangerousFlags"> {
  const source = isPlain(value) ? value : {};
  const secretInputs = isPlain(source["secretInputs"]) ? source["secretInputs"] : {};
  return {
    secretInputs: items(secretInputs["paths"], (item) => {
      const path = text(item["path"]);
      if (!path) return undefined;
      return {
        path,
        ...(item["expected"] === "string" ? { expected: "string" as const } : {}),
        ...(item["ownerKind"] === "capability" || item["ownerKind"] === "route"
          ? { ownerKind: item["ownerKind"] as "capability" | "route" }
          : {}),
      };
    }),
    dangerousFlags: items(source["dangerousFlags"], (item) => {
      const path = text(item["path"]);
      return path ? { path, equals: item["equals"] } : undefined;
    }),
  };
}
