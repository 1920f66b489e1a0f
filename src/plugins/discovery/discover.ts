import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { NormalisedManifest } from "../manifest/normalise-manifest.ts";
import type { PluginDiagnostic } from "../types.ts";
import { type PluginCandidate, policyId, withError } from "./candidate.ts";
import { exists } from "./entry-file.ts";
import type { ManifestsByDigest } from "./folder-metadata.ts";
import { type FolderPlace, readPluginFile, readPluginFolder } from "./read-folder.ts";

/** Where plugins are looked for (spec 2.2). All paths absolute. */
export interface PluginRoots {
  /** `<packageRoot>/dist/extensions`. */
  readonly bundled?: string;
  /** `<stateDir>/extensions`. */
  readonly global?: string;
  /** Agent workspaces; their `.openclaw/extensions` and `.sluice/extensions` are scanned. */
  readonly workspaces?: readonly string[];
  /** Folders of tracked installs. */
  readonly installed?: readonly string[];
}

export interface DiscoveryResult {
  /** Winners in load order: rank, then the order found. */
  readonly candidates: readonly PluginCandidate[];
  readonly diagnostics: readonly PluginDiagnostic[];
  /** Configured paths that do not exist: their plugins' config must be left alone. */
  readonly missingPaths: readonly string[];
  /** Folders of plugins with an install record. */
  readonly installed: readonly string[];
  /** By the digest of their text; given to the next look, nothing is read twice that did not change. */
  readonly manifests: ReadonlyMap<string, NormalisedManifest>;
}

const IGNORED = new Set([
  ".git",
  ".hg",
  ".svn",
  ".turbo",
  ".yarn",
  ".yarn-cache",
  "build",
  "coverage",
  "dist",
  "node_modules",
]);

/** Folders read per root; more are ignored with a warning. */
export const MAX_PLUGINS_PER_ROOT = 1_000;

/** Finds every candidate and settles who wins an id (spec 2.2 – 2.4). Reads metadata only. */
export async function discoverPlugins(
  roots: PluginRoots,
  loadPaths: readonly string[],
  before: DiscoveryResult["manifests"] = new Map(),
): Promise<DiscoveryResult> {
  const manifests: ManifestsByDigest = { before, now: new Map() };
  const diagnostics: PluginDiagnostic[] = [];
  const missingPaths: string[] = [];
  const configured = loadPaths.map(async (path) => {
    const found = await readLoadPath(path, manifests, diagnostics);
    if (found) return found;
    missingPaths.push(path);
    diagnostics.push({
      level: "warn",
      code: "load-path-missing",
      message: `plugins.load.paths names ${path}, which does not exist; its plugins keep their settings`,
      source: path,
    });
    return [];
  });
  const workspaces = (roots.workspaces ?? []).flatMap((workspaceDir) =>
    [".openclaw", ".sluice"].map((folder) =>
      readRoot(
        join(workspaceDir, folder, "extensions"),
        { origin: "workspace", workspaceDir, manifests },
        diagnostics,
      ),
    ),
  );
  const installed = (roots.installed ?? []).map((folder) =>
    readPluginFolder(folder, { origin: "global", manifests }),
  );
  const groups = await Promise.all([
    ...configured,
    ...workspaces,
    roots.bundled ? readRoot(roots.bundled, { origin: "bundled", manifests }, diagnostics) : [],
    ...installed,
    roots.global ? readRoot(roots.global, { origin: "global", manifests }, diagnostics) : [],
  ]);
  const installedFolders = new Set(roots.installed ?? []);
  const candidates = settle(groups.flat(), installedFolders, diagnostics);
  return {
    candidates,
    diagnostics,
    missingPaths,
    installed: roots.installed ?? [],
    manifests: manifests.now,
  };
}

async function readLoadPath(
  path: string,
  manifests: ManifestsByDigest,
  diagnostics: PluginDiagnostic[],
): Promise<PluginCandidate[] | undefined> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats) return undefined;
  if (stats.isFile()) return readPluginFile(path, { origin: "config", manifests });
  const own = await readPluginFolder(path, { origin: "config", manifests });
  if (own.length > 0) return own;
  return readRoot(path, { origin: "config", manifests }, diagnostics);
}

async function readRoot(
  root: string,
  place: FolderPlace,
  diagnostics: PluginDiagnostic[],
): Promise<PluginCandidate[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const folders = entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !isIgnored(entry.name))
    .map((entry) => entry.name)
    .sort();
  if (folders.length > MAX_PLUGINS_PER_ROOT) {
    diagnostics.push({
      level: "warn",
      code: "too-many-plugins",
      message: `${root} holds more than ${MAX_PLUGINS_PER_ROOT} folders; the rest is ignored`,
      source: root,
    });
  }
  const found = await Promise.all(
    folders.slice(0, MAX_PLUGINS_PER_ROOT).map(async (name) => {
      const folder = join(root, name);
      const candidates = await readPluginFolder(folder, place);
      // A folder below a plugin root that is no plugin at all is a mistake worth naming.
      if (
        candidates.length === 0 &&
        place.origin !== "config" &&
        (await exists(join(folder, "package.json")))
      ) {
        diagnostics.push({
          level: "warn",
          code: "manifest-missing",
          message: `${folder} is not a plugin: it has neither a manifest nor "openclaw.extensions"`,
          source: folder,
        });
      }
      return candidates;
    }),
  );
  return found.flat();
}

function isIgnored(name: string): boolean {
  return (
    IGNORED.has(name) || name.endsWith(".bak") || name.includes(".backup-") || name.includes(".disabled")
  );
}

/** Lower wins (spec 2.4). */
function rank(candidate: PluginCandidate, installed: ReadonlySet<string>): number {
  if (candidate.origin === "config") return 0;
  if (candidate.origin === "global" && installed.has(candidate.rootDir)) return 2;
  if (candidate.origin === "bundled") return 3;
  return candidate.origin === "workspace" ? 4 : 5;
}

/** The folder of each spelling of an id, by the id without regard to case. */
function spellingsOf(found: readonly PluginCandidate[]): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const spellings = new Map<string, Map<string, string>>();
  for (const { id, rootDir } of found) {
    const folders = spellings.get(policyId(id)) ?? new Map<string, string>();
    spellings.set(policyId(id), folders);
    if (!folders.has(id)) folders.set(id, rootDir);
  }
  return spellings;
}

function settle(
  found: readonly PluginCandidate[],
  installed: ReadonlySet<string>,
  diagnostics: PluginDiagnostic[],
): PluginCandidate[] {
  const ordered = found
    .map((candidate, order) => ({ candidate, order, rank: rank(candidate, installed) }))
    .sort((a, b) => a.rank - b.rank || a.order - b.order)
    .map((entry) => entry.candidate);
  const winners = new Map<string, PluginCandidate>();
  const spellings = spellingsOf(ordered);
  for (const candidate of ordered) {
    const key = policyId(candidate.id);
    const winner = winners.get(key);
    if (!winner) {
      winners.set(key, candidate);
      continue;
    }
    if (winner.realRoot === candidate.realRoot && winner.entry === candidate.entry) continue;
    // None of them is used: that is an error of its own, below.
    if ((spellings.get(key)?.size ?? 0) > 1) continue;
    const intended = winner.origin === "global" && candidate.origin === "bundled";
    if (intended) continue;
    diagnostics.push({
      level: "warn",
      code: "duplicate-plugin-id",
      message: `plugin "${candidate.id}" is found twice; ${winner.rootDir} is used, ${candidate.rootDir} is ignored`,
      pluginId: candidate.id,
      source: candidate.rootDir,
    });
  }
  return [...winners].map(([key, candidate]) => {
    const names = spellings.get(key);
    if (!names || names.size < 2) return candidate;
    const list = [...names].map(([id, folder]) => `${id} (${folder})`).join(", ");
    return withError(
      candidate,
      "colliding-plugin-ids",
      `the ids ${list} differ only by case; none of them is loaded`,
    );
  });
}
