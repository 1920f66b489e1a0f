import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { isPlain, text } from "../manifest/fields.ts";
import { MAX_MANIFEST_BYTES } from "../manifest/limits.ts";
import { normaliseManifest } from "../manifest/normalise-manifest.ts";
import { idHint } from "../manifest/package-metadata.ts";
import { parseMetadataText } from "../manifest/parse-text.ts";
import { readMetadataFile } from "../manifest/read-file.ts";
import type { PluginDiagnostic } from "../types.ts";
import type { BundleContents, PluginCandidate } from "./candidate.ts";
import { exists } from "./entry-file.ts";
import { type PluginFolder, placeOf } from "./folder-metadata.ts";

interface FoundBundle {
  id?: string;
  name?: string;
  description?: string;
  version?: string;
  manifestPath?: string;
  contents: BundleContents;
}

const MANIFESTS = [
  ["codex", ".codex-plugin/plugin.json"],
  ["cursor", ".cursor-plugin/plugin.json"],
  ["claude", ".claude-plugin/plugin.json"],
  ["agent-plugins", "plugin.json"],
] as const;

const CLAUDE_PARTS = ["skills", "commands", "agents", "hooks", ".mcp.json", ".lsp.json", "settings.json"];

/** Folders whose Markdown counts as skills, by format. */
const SKILL_FOLDERS: Readonly<Record<BundleContents["format"], readonly string[]>> = {
  claude: ["skills", "commands", "agents", "output-styles"],
  codex: ["skills"],
  cursor: ["skills", "commands"],
  "agent-plugins": ["skills"],
};

const NOT_EXECUTED: Readonly<Record<BundleContents["format"], readonly string[]>> = {
  claude: ["hooks/hooks.json"],
  codex: [".app.json", "hooks/hooks.json"],
  cursor: ["agents", "rules", "hooks", "hooks/hooks.json"],
  "agent-plugins": [],
};

/**
 * Recognises a foreign content pack (spec 2.14) and lists what it holds. Nothing of it is executed here:
 * skills are text, MCP servers run only where the operator enables them.
 */
export async function detectBundle(folder: string): Promise<FoundBundle | undefined> {
  for (const [format, name] of MANIFESTS) {
    const path = join(folder, name);
    const manifest = await readJson(folder, path);
    if (!manifest) continue;
    // The ingest registry's own plugin.json is a different thing: never a bundle, never executed.
    if (format === "agent-plugins" && ("source_types" in manifest || !text(manifest["name"]))) continue;
    return {
      ...identity(manifest),
      manifestPath: path,
      contents: await readContents(folder, format, manifest),
    };
  }
  const names = new Set(await readdir(folder).catch(() => []));
  if (!CLAUDE_PARTS.some((part) => names.has(part))) return undefined;
  if (names.has("index.js") || names.has("index.ts") || names.has("index.mjs") || names.has("index.cjs")) {
    return undefined;
  }
  return { contents: await readContents(folder, "claude", {}) };
}

async function readContents(
  folder: string,
  format: BundleContents["format"],
  manifest: Readonly<Record<string, unknown>>,
): Promise<BundleContents> {
  const skillRoots: string[] = [];
  for (const name of SKILL_FOLDERS[format]) {
    if (await exists(join(folder, name))) skillRoots.push(join(folder, name));
  }
  const notExecuted: string[] = [];
  for (const name of NOT_EXECUTED[format]) {
    if (await exists(join(folder, name))) notExecuted.push(name);
  }
  const mcpServers = await readMcpServers(folder, manifest);
  const capabilities: string[] = [];
  if (skillRoots.length > 0) capabilities.push("skills");
  if (Object.keys(mcpServers).length > 0) capabilities.push("mcp");
  if (format === "claude" && (await exists(join(folder, ".lsp.json")))) capabilities.push("lsp");
  if (format === "claude" && (await exists(join(folder, "settings.json")))) capabilities.push("settings");
  return { format, capabilities, skillRoots, mcpServers, notExecuted };
}

async function readMcpServers(
  folder: string,
  manifest: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const inline = manifest["mcpServers"];
  if (isPlain(inline)) return inline;
  const file = await readJson(folder, join(folder, ".mcp.json"));
  if (!file) return {};
  return isPlain(file["mcpServers"]) ? file["mcpServers"] : file;
}

function identity(
  manifest: Readonly<Record<string, unknown>>,
): Omit<FoundBundle, "contents" | "manifestPath"> {
  const name = text(manifest["name"]);
  const id = name && idOf(name);
  const label = text(manifest["displayName"]);
  const description = text(manifest["description"]);
  const version = text(manifest["version"]);
  return {
    ...(id ? { id } : {}),
    ...((label ?? name) ? { name: label ?? name } : {}),
    ...(description ? { description } : {}),
    ...(version ? { version } : {}),
  } as Omit<FoundBundle, "contents" | "manifestPath">;
}

/** A pack's name as an id: without the scope of an npm name, and nothing that a command line takes for an option. */
function idOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/^@[^/]*\//, "")
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|[._-]+$/g, "");
}

async function readJson(
  folder: string,
  path: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const source = await readMetadataFile(folder, path, { maxBytes: MAX_MANIFEST_BYTES, strict: false });
    const value = await parseMetadataText(source);
    return isPlain(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A content pack as a plugin that has no code. */
export function bundleCandidate(folder: PluginFolder, found: FoundBundle): PluginCandidate {
  const id = found.id ?? idHint(folder.packageMetadata, basename(folder.rootDir));
  const { manifest } = normaliseManifest({
    id,
    name: found.name ?? id,
    description: found.description,
    version: found.version,
    configSchema: { type: "object", additionalProperties: false },
  });
  const diagnostics: PluginDiagnostic[] = found.contents.notExecuted.map((part) => ({
    level: "info",
    code: "bundle-part-not-executed",
    message: `${part}: detected, not executed`,
    pluginId: id,
    source: folder.rootDir,
  }));
  return {
    ...placeOf(folder),
    id,
    format: "bundle",
    bundle: found.contents,
    diagnostics,
    ...(manifest ? { manifest } : {}),
    ...(found.manifestPath ? { manifestPath: found.manifestPath } : {}),
  };
}
