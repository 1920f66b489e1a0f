import type {
  ManifestActivation,
  ManifestDashboard,
  PluginKind,
  PluginManifest,
} from "../../contracts/manifest.ts";
import { defined, flag, isPlain, type Plain, text, texts } from "./fields.ts";

/** Optional parts of a manifest in their normal form; what is malformed is dropped. */

const COMMAND_NAME = /^[a-z0-9][a-z0-9_-]*$/i;

export function readDashboard(value: unknown): ManifestDashboard | undefined {
  if (!isPlain(value)) return undefined;
  return {
    dataBindings: (value["dataBindings"] ?? []) as ManifestDashboard["dataBindings"],
    actionVerbs: (value["actionVerbs"] ?? []) as ManifestDashboard["actionVerbs"],
  };
}

/** Where catalogues of plugins show it (spec 1.2). */
export function readCatalog(value: unknown): PluginManifest["catalog"] {
  if (!isPlain(value)) return undefined;
  const { order } = value;
  return defined({
    featured: flag(value["featured"]),
    order: Number.isFinite(order) ? (order as number) : undefined,
  });
}

export function readQaRunner(item: Plain) {
  const commandName = text(item["commandName"]);
  if (!commandName || !COMMAND_NAME.test(commandName)) return undefined;
  return { commandName, ...defined({ description: text(item["description"]) }) };
}

export function readAccountKeyPolicy(item: unknown) {
  if (!isPlain(item)) return undefined;
  const own = item["canonicalAliasesRequireOwnField"];
  return defined({ canonicalAliasesRequireOwnField: flag(own) ?? text(own) });
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
