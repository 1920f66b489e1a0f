import { readdir, realpath } from "node:fs/promises";
import { basename, dirname, extname } from "node:path";
import { normaliseManifest } from "../manifest/normalise-manifest.ts";
import type { PluginOrigin } from "../types.ts";
import { bundleCandidate, detectBundle } from "./bundle.ts";
import type { PluginCandidate } from "./candidate.ts";
import {
  type FoundManifest,
  MANIFEST_NAMES,
  type ManifestsByDigest,
  type PluginFolder,
  readManifest,
  readPackage,
} from "./folder-metadata.ts";
import { emptyPackage, indexEntry, nativeCandidate, packageCandidates } from "./native-candidate.ts";

export interface FolderPlace {
  origin: PluginOrigin;
  workspaceDir?: string;
  /** What the look before this one made of manifests, and what this one makes; saves reading them again. */
  manifests?: ManifestsByDigest;
}

/**
 * Reads one folder as a plugin: package with entries, native manifest, content bundle, or index file, in this
 * order (spec 2.2). Returns no candidate for a folder that is none of these.
 */
export async function readPluginFolder(
  rootDir: string,
  { manifests, ...place }: FolderPlace,
): Promise<PluginCandidate[]> {
  const [realRoot, listed] = await Promise.all([
    realpath(rootDir).catch(() => undefined),
    readdir(rootDir).catch(() => undefined),
  ]);
  if (!realRoot || !listed) return [];
  const bare: PluginFolder = { ...place, rootDir, realRoot, names: new Set(listed) };
  const [packageMetadata, found] = await Promise.all([readPackage(bare), readManifest(bare, manifests)]);
  const folder: PluginFolder = packageMetadata ? { ...bare, packageMetadata } : bare;

  const entries = packageMetadata?.extensions;
  if (entries && entries.length > 0) return packageCandidates(folder, found);
  // A package that lists no entries has none, whatever else lies there.
  const entry = entries ? undefined : indexEntry(folder);
  // Beside the manifest of an older brand that has no code, the content is what there is to have.
  if (!found || (!entry && basename(found.path) !== MANIFEST_NAMES[0])) {
    const bundle = await detectBundle(rootDir);
    if (bundle) return [bundleCandidate(folder, bundle)];
  }
  if (entries) return [emptyPackage(folder, found)];
  if (!entry && !found) return [];
  return [await nativeCandidate(folder, found, { entry })];
}

/** A single file named in `plugins.load.paths`: its folder's manifest applies, or it stands alone. */
export async function readPluginFile(
  file: string,
  { manifests, ...place }: FolderPlace,
): Promise<PluginCandidate[]> {
  const rootDir = dirname(file);
  const [realRoot, listed] = await Promise.all([realpath(rootDir), readdir(rootDir)]);
  const folder: PluginFolder = { ...place, rootDir, realRoot, names: new Set(listed) };
  const id = basename(file, extname(file));
  const standalone: FoundManifest = {
    path: file,
    result: normaliseManifest({ id, configSchema: { type: "object", additionalProperties: false } }),
  };
  const found = (await readManifest(folder, manifests)) ?? standalone;
  return [await nativeCandidate(folder, found, { entry: file })];
}
