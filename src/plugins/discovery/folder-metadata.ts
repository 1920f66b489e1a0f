import { createHash } from "node:crypto";
import { join } from "node:path";
import type { PackageMetadata } from "../../contracts/manifest.ts";
import { errorMessage, isSluiceError } from "../../kernel/errors.ts";
import { CONTRACT_BRANDS } from "../brands.ts";
import { MAX_MANIFEST_BYTES, MAX_PACKAGE_BYTES } from "../manifest/limits.ts";
import { type NormalisedManifest, normaliseManifest } from "../manifest/normalise-manifest.ts";
import { normalisePackage } from "../manifest/package-metadata.ts";
import { parseMetadataText } from "../manifest/parse-text.ts";
import { readMetadataFile } from "../manifest/read-file.ts";
import type { PluginCandidate } from "./candidate.ts";

/** The manifest's name, and those of older brands, tried in this order. */
export const MANIFEST_NAMES = CONTRACT_BRANDS.map((brand) => `${brand}.plugin.json` as const);

/** A folder that may be a plugin, before anybody knows what it holds. */
export type PluginFolder = Pick<
  PluginCandidate,
  "origin" | "rootDir" | "realRoot" | "workspaceDir" | "packageMetadata"
> & {
  /** What lies in it; one listing instead of a probe per possible name, because a start looks at every plugin. */
  readonly names: ReadonlySet<string>;
};

/** Manifests by the digest of their text: the same text always means the same. */
export interface ManifestsByDigest {
  readonly before: ReadonlyMap<string, NormalisedManifest>;
  readonly now: Map<string, NormalisedManifest>;
}

/** A manifest, with what is wrong about it. */
export interface FoundManifest {
  path: string;
  digest?: string;
  result: NormalisedManifest;
}

/** What a candidate has of its folder. */
export function placeOf({ names: _names, ...place }: PluginFolder): Omit<PluginFolder, "names"> {
  return place;
}

/** `undefined` when the folder has no manifest; one that cannot be read is a fatal problem. */
export async function readManifest(
  { origin, rootDir, realRoot, names }: PluginFolder,
  manifests: ManifestsByDigest | undefined,
): Promise<FoundManifest | undefined> {
  const strict = origin !== "bundled";
  for (const name of MANIFEST_NAMES) {
    if (!names.has(name)) continue;
    const path = join(rootDir, name);
    try {
      const source = await readMetadataFile(realRoot, path, { maxBytes: MAX_MANIFEST_BYTES, strict });
      const digest = createHash("sha256").update(source).digest("base64");
      const known = manifests?.before.get(digest);
      const result = known ?? normaliseManifest(await parseMetadataText(source));
      manifests?.now.set(digest, result);
      return { path, digest, result };
    } catch (error) {
      if (isSluiceError(error) && error.code === "FILE_MISSING") continue;
      const unsafe = isSluiceError(error) && error.code === "FILE_UNSAFE";
      const code = unsafe ? "entry-unsafe-path" : "manifest-invalid";
      const broken = isSluiceError(error) && error.code === "JSON_INVALID";
      const message = `${broken ? `${name} is ` : ""}${errorMessage(error)}`;
      return { path, result: { problems: [{ code, message, fatal: true }] } };
    }
  }
  return undefined;
}

/** What package.json says of the plugin; `undefined` when there is none to go by. */
export async function readPackage({
  rootDir,
  realRoot,
  names,
}: PluginFolder): Promise<PackageMetadata | undefined> {
  if (!names.has("package.json")) return undefined;
  try {
    const path = join(rootDir, "package.json");
    const source = await readMetadataFile(realRoot, path, { maxBytes: MAX_PACKAGE_BYTES, strict: false });
    return normalisePackage(await parseMetadataText(source));
  } catch {
    // A plugin needs no package.json; what a broken one would have said is reported by the manifest.
    return undefined;
  }
}
