import type { CliRegistration, ToolRegistration } from "../../contracts/registrations.ts";
import { pick } from "../../kernel/records.ts";
import type { BundleContents } from "../discovery/candidate.ts";
import type { TypedHook } from "../hooks/read-typed-hook.ts";
import { claimsOf, describeClaims } from "../install/claims.ts";
import type { LoadedPlugin } from "../loading/loaded-plugin.ts";
import type { PluginFailure } from "../loading/plugin-failure.ts";
import type { SignalFacts } from "../manifest/signals-hold.ts";
import type { DraftItem } from "../registry/draft.ts";
import type { KnownPlugin } from "../snapshot.ts";
import type { PluginRecord, RegistryGeneration } from "../types.ts";
import { type CompatibilityReport, compatibilityOf } from "./compatibility.ts";
import { distinct } from "./distinct.ts";
import { type ManifestMetadata, manifestMetadata } from "./manifest-metadata.ts";
import { findMissingSdkNames } from "./missing-sdk-names.ts";
import { type PublicPluginRecord, publicRecord } from "./public-record.ts";
import { type PluginShape, shapeOf } from "./shape.ts";
import { type ToolAvailability, toolAvailability } from "./tool-availability.ts";

/** Everything there is to know about one plugin (spec 2.20). JSON-compatible. */
export interface PluginInspection {
  readonly plugin: PublicPluginRecord;
  /** The same as `plugin.status`, for scripts. */
  readonly status: PluginRecord["status"];
  readonly shape: PluginShape | undefined;
  readonly capabilityMode: "plain" | "hybrid" | "none";
  readonly capabilityCount: number;
  readonly capabilities: readonly { kind: string; ids: readonly string[] }[];
  /** What won its name in the registry, by kind. */
  readonly contributions: Readonly<Record<string, readonly string[]>>;
  readonly typedHooks: readonly { name: string; priority: number }[];
  readonly customHooks: readonly { name: string; events: readonly string[] }[];
  readonly tools: readonly { names: readonly string[]; optional: boolean }[];
  /** Those of its tools that are offered only once something is set up. */
  readonly toolAvailability: readonly ToolAvailability[];
  readonly commands: readonly string[];
  readonly cliCommands: readonly string[];
  readonly services: readonly string[];
  readonly gatewayDiscoveryServices: readonly string[];
  readonly gatewayMethods: readonly string[];
  readonly httpRouteCount: number;
  /** What was read of its manifest; absent when that was refused. */
  readonly metadata?: ManifestMetadata;
  /** What it claims to own and to be allowed; installing it asks for consent to this, one kind a line. */
  readonly claims: readonly string[];
  readonly bundle?: Pick<BundleContents, "format" | "capabilities" | "notExecuted">;
  readonly bundleCapabilities: readonly string[];
  readonly mcpServers: readonly string[];
  /** Always empty: this host starts no language servers. */
  readonly lspServers: readonly string[];
  readonly policy: {
    readonly allowPromptInjection: boolean;
    readonly allowConversationAccess?: boolean;
  };
  readonly compatibility: CompatibilityReport;
  /** SDK names its code imports that this host only links, as `subpath#name`. */
  readonly missingSdkNames: readonly string[];
  /** Those of them that are in no inventory of this host: newer than it, or misspelt. */
  readonly unknownSdkNames: readonly string[];
  readonly diagnostics: PluginRecord["diagnostics"];
}

export interface InspectionParts {
  readonly known: KnownPlugin;
  readonly record: PluginRecord;
  readonly loaded: LoadedPlugin | undefined;
  readonly generation: RegistryGeneration | undefined;
  readonly sdkFolder: string;
  /** What the signs in the manifest are compared with. */
  readonly signals: SignalFacts;
  readonly failure?: PluginFailure | undefined;
}

export async function inspectPlugin(parts: InspectionParts): Promise<PluginInspection> {
  const { known, loaded, generation, failure } = parts;
  const { candidate, entry } = known;
  const items = inForce(loaded?.draft.items ?? [], candidate.id, generation);
  const record: PluginRecord = {
    ...parts.record,
    ...(loaded ? { name: loaded.name, ...pick(loaded, ["version", "description"]) } : {}),
    ...(failure ? { failurePhase: failure.phase } : {}),
    diagnostics: distinct([
      ...parts.record.diagnostics,
      ...(loaded?.draft.diagnostics ?? []),
      ...(failure
        ? [{ level: "error" as const, code: failure.code, message: failure.message, pluginId: candidate.id }]
        : []),
    ]),
  };
  const shape = loaded ? shapeOf(items) : undefined;
  const contributions: Record<string, string[]> = {};
  for (const { kind, key } of generation?.ofPlugin(candidate.id) ?? []) {
    // One registration may make many tools; they stand under their own names.
    if (kind !== "tool") contributions[kind] = [...(contributions[kind] ?? []), key];
  }
  const tools = toolsOf(items, candidate.id, generation);
  if (generation && tools.length > 0) contributions["tool"] = [...new Set(tools.flatMap(({ keys }) => keys))];
  const values = <T>(kind: string) =>
    items.filter((item: DraftItem) => item.row.kind === kind).map((item) => item.value as T);
  const access = entry.hooks.allowConversationAccess;
  const cliCommands = values<CliRegistration>("cli").flatMap(({ parentPath, commands }) =>
    commands.map((name) => [...parentPath, name].join(" ")),
  );
  const mcpServers = Object.keys(candidate.bundle?.mcpServers ?? candidate.manifest?.mcpServers ?? {});
  const sdkNames = await findMissingSdkNames(candidate.realRoot, parts.sdkFolder);
  const compatibility = compatibilityOf(record, shape?.shape, sdkNames.barrels);
  return {
    plugin: publicRecord({
      record,
      known,
      loaded,
      contributions,
      cliCommands,
      mcpServers,
      compat: [...new Set(compatibility.notices.map(({ compatCode }) => compatCode))],
    }),
    status: record.status,
    shape: shape?.shape,
    capabilityMode: shape?.capabilityMode ?? "none",
    capabilityCount: shape?.capabilities.length ?? 0,
    capabilities: shape?.capabilities ?? [],
    contributions,
    typedHooks: values<TypedHook>("typedHook").map(({ hook, priority }) => ({ name: hook, priority })),
    customHooks: values<{ name: string; events: readonly string[] }>("hook").map(({ name, events }) => ({
      name,
      events,
    })),
    tools: tools.map(({ keys, value: { names, optional } }) => ({
      names: keys.filter((key) => names.includes(key)),
      optional,
    })),
    toolAvailability: candidate.manifest ? toolAvailability(candidate.manifest, parts.signals) : [],
    commands: contributions["command"] ?? [],
    cliCommands,
    services: contributions["service"] ?? [],
    gatewayDiscoveryServices: contributions["gatewayDiscoveryService"] ?? [],
    gatewayMethods: contributions["gatewayMethod"] ?? [],
    httpRouteCount: contributions["httpRoute"]?.length ?? 0,
    ...(candidate.manifest ? { metadata: manifestMetadata(candidate.manifest) } : {}),
    claims: describeClaims(claimsOf([candidate])),
    ...(candidate.bundle
      ? {
          bundle: {
            format: candidate.bundle.format,
            capabilities: candidate.bundle.capabilities,
            notExecuted: candidate.bundle.notExecuted,
          },
        }
      : {}),
    bundleCapabilities: candidate.bundle?.capabilities ?? [],
    mcpServers,
    lspServers: [],
    policy: {
      allowPromptInjection: entry.hooks.allowPromptInjection,
      ...(access === undefined ? {} : { allowConversationAccess: access }),
    },
    compatibility,
    missingSdkNames: sdkNames.missing,
    unknownSdkNames: sdkNames.unknown,
    diagnostics: record.diagnostics,
  };
}

/** What of a draft is registered: the rest lost its name to somebody else, or to itself. */
function inForce(
  items: readonly DraftItem[],
  pluginId: string,
  generation: RegistryGeneration | undefined,
): readonly DraftItem[] {
  if (!generation) return items;
  const kept = new Set(generation.ofPlugin(pluginId).map(({ kind, ordinal }) => `${kind}\0${ordinal}`));
  return items.filter(({ row, index }) => kept.has(`${row.kind}\0${index}`));
}

/** Its tools by registration, each with the keys that are its own. */
function toolsOf(
  items: readonly DraftItem[],
  pluginId: string,
  generation: RegistryGeneration | undefined,
): { keys: readonly string[]; value: ToolRegistration }[] {
  const isOwn = (key: string) => !generation || generation.get("tool", key)?.pluginId === pluginId;
  return items
    .filter(({ row }) => row.kind === "tool")
    .map(({ keys, value }) => ({ keys: keys.filter(isOwn), value: value as ToolRegistration }));
}
