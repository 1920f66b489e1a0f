import type {
  ConfigUiHint,
  ManifestActivation,
  ManifestChannelConfig,
  ManifestDashboard,
  ManifestSetup,
  PluginKind,
  PluginManifest,
} from "../../contracts/manifest.ts";
import { byKey, defined, flag, isPlain, items, type Plain, text, texts } from "./fields.ts";

/** Optional parts of a manifest in their normal form; what is malformed is dropped. */

const COMMAND_NAME = /^[a-z0-9][a-z0-9_-]*$/i;

export function readDashboard(value: unknown): ManifestDashboard | undefined {
  if (!isPlain(value)) return undefined;
  return {
    dataBindings: (value["dataBindings"] ?? []) as ManifestDashboard["dataBindings"],
    actionVerbs: (value["actionVerbs"] ?? []) as ManifestDashboard["actionVerbs"],
  };
}

export function readKinds(value: unknown): readonly PluginKind[] {
  const named = Array.isArray(value) ? value : [value];
  return texts(named).filter((kind): kind is PluginKind => kind === "memory" || kind === "context-engine");
}

const CAPABILITIES = new Set(["provider", "channel", "tool", "hook"]);

export function readActivation(value: unknown): ManifestActivation {
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

export function readSetup(value: unknown): ManifestSetup | undefined {
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

export function readCommandAlias(item: Plain) {
  const name = text(item["name"]);
  if (!name) return undefined;
  const kind = item["kind"] === "runtime-slash" ? ("runtime-slash" as const) : undefined;
  return { name, ...defined({ kind, cliCommand: text(item["cliCommand"]) }) };
}

export function readCliCommand(item: Plain) {
  const name = text(item["name"]);
  const description = text(item["description"]);
  const hasSubcommands = flag(item["hasSubcommands"]);
  if (!name || !COMMAND_NAME.test(name) || !description || hasSubcommands === undefined) return undefined;
  return { name, description, hasSubcommands };
}

export function uniqueByName<T extends { name: string }>(list: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return list.filter(({ name }) => !seen.has(name) && seen.add(name));
}

export function readChannelConfig(item: unknown): ManifestChannelConfig | undefined {
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

export function readConfigContracts(value: unknown): Pick<PluginManifest, "secretInputs" | "dangerousFlags"> {
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
