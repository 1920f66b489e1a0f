import { createHash } from "node:crypto";
import { readdir, realpath } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import type { PackageMetadata } from "../../contracts/manifest.ts";
import { errorMessage, isSluiceError } from "../../kernel/errors.ts";
import type { DiagnosticCode } from "../diagnostic-codes.ts";
import { MAX_MANIFEST_BYTES, MAX_PACKAGE_BYTES } from "../manifest/limits.ts";
import { type NormalisedManifest, normaliseManifest } from "../manifest/normalise-manifest.ts";
import { idHint, normalisePackage } from "../manifest/package-metadata.ts";
import { parseMetadataText } from "../manifest/parse-text.ts";
import { readMetadataFile } from "../manifest/read-file.ts";
import type { PluginDiagnostic, PluginOrigin } from "../types.ts";
import { detectBundle } from "./bundle.ts";
import type { PluginCandidate } from "./candidate.ts";
import { entryNames, firstExisting, INDEX_NAMES, resolveEntry } from "./entry-file.ts";
import { checkPathGates } from "./gates.ts";
import { incompatibilityOf } from "./host-compatibility.ts";

/** The manifest's name, and the one of an older brand, tried in this order. */
export const MANIFEST_NAMES = ["openclaw.plugin.json", "OmeniaClaw.plugin.json"] as const;

export interface FolderPlace {
  origin: PluginOrigin;
  workspaceDir?: string;
  /** What the look before this one made of manifests, and what this one makes; saves reading them again. */
  manifests?: ManifestsByDigest;
}

/** Manifests by the digest of their text: the same text always means the same. */
export interface ManifestsByDigest {
  readonly before: ReadonlyMap<string, NormalisedManifest>;
  readonly now: Map<string, NormalisedManifest>;
}

/**
 * Reads one folder as a plugin: package with entries, native manifest, content bundle, or index file, in this
 * order (spec 2.2). Returns no candidate for a folder that is none of these.
 */
export async function readPluginFolder(
  folder: string,
  { manifests, ...place }: FolderPlace,
): Promise<PluginCandidate[]> {
  const [realRoot, listed] = await Promise.all([
    realpath(folder).catch(() => undefined),
    readdir(folder).catch(() => undefined),
  ]);
  if (!realRoot || !listed) return [];
  // One listing instead of a probe per possible name: a start looks at every plugin.
  const names: ReadonlySet<string> = new Set(listed);
  const strict = place.origin !== "bundled";
  const [packageMetadata, found] = await Promise.all([
    names.has("package.json") ? readPackage(realRoot, folder) : undefined,
    readManifest(realRoot, folder, strict, names, manifests),
  ]);
  const base = {
    ...place,
    rootDir: folder,
    realRoot,
    names,
    ...(packageMetadata ? { packageMetadata } : {}),
  };

  if (packageMetadata?.extensions && packageMetadata.extensions.length > 0) {
    return readPackageEntries(base, packageMetadata, found);
  }
  if (!found) {
    const bundle = await detectBundle(folder);
    if (bundle) return [bundleCandidate(base, bundle, folder)];
  }
  const entry = firstListed(folder, INDEX_NAMES, names);
  if (!entry && !found) {
    return packageMetadata?.extensions
      ? [
          failed(
            base,
            folder,
            packageMetadata,
            "manifest-missing",
            'package.json has an empty "openclaw.extensions"',
          ),
        ]
      : [];
  }
  return [await nativeCandidate(base, found, entry, undefined)];
}

/** A single file named in `plugins.load.paths`: its folder's manifest applies, or it stands alone. */
export async function readPluginFile(
  file: string,
  { manifests, ...place }: FolderPlace,
): Promise<PluginCandidate[]> {
  const folder = join(file, "..");
  const [realRoot, listed] = await Promise.all([realpath(folder), readdir(folder)]);
  const names: ReadonlySet<string> = new Set(listed);
  const found = await readManifest(realRoot, folder, true, names, manifests);
  const base = { ...place, rootDir: folder, realRoot, names };
  const id = basename(file, extname(file));
  const standalone: FoundManifest = {
    path: file,
    result: normaliseManifest({ id, configSchema: { type: "object", additionalProperties: false } }),
  };
  return [await nativeCandidate(base, found ?? standalone, file, undefined)];
}

type Base = { readonly names: ReadonlySet<string> } & Pick<
  PluginCandidate,
  "origin" | "rootDir" | "realRoot" | "workspaceDir" | "packageMetadata"
>;

interface FoundManifest {
  path: string;
  digest?: string;
  result: NormalisedManifest;
}

async function readManifest(
  realRoot: string,
  folder: string,
  strict: boolean,
  names: ReadonlySet<string>,
  manifests: ManifestsByDigest | undefined,
): Promise<FoundManifest | undefined> {
  for (const name of MANIFEST_NAMES) {
    if (!names.has(name)) continue;
    const path = join(folder, name);
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

async function readPackage(realRoot: string, folder: string): Promise<PackageMetadata | undefined> {
  try {
    const path = join(folder, "package.json");
    const source = await readMetadataFile(realRoot, path, { maxBytes: MAX_PACKAGE_BYTES, strict: false });
    return normalisePackage(await parseMetadataText(source));
  } catch {
    // A plugin needs no package.json; what a broken one would have said is reported by the manifest.
    return undefined;
  }
}

async function readPackageEntries(
  base: Base,
  metadata: PackageMetadata,
  found: FoundManifest | undefined,
): Promise<PluginCandidate[]> {
  const names = metadata.extensions ?? [];
  const runtime = metadata.runtimeExtensions ?? [];
  const paired = runtime.length === names.length;
  const candidates: PluginCandidate[] = [];
  for (const [index, name] of names.entries()) {
    const entry = await resolveEntry(base.rootDir, name, paired ? runtime[index] : undefined);
    const suffix = names.length > 1 ? entryBaseName(name) : undefined;
    candidates.push(await nativeCandidate(base, found, entry, suffix, name));
  }
  return markEntryCollisions(candidates);
}

function entryBaseName(name: string): string {
  const stem = basename(name).replace(/\.[^.]+$/, "");
  return stem === "index" ? basename(join(name, "..")) || stem : stem;
}

function markEntryCollisions(candidates: PluginCandidate[]): PluginCandidate[] {
  const byId = new Map<string, number>();
  for (const { id } of candidates) byId.set(id, (byId.get(id) ?? 0) + 1);
  return candidates.map((candidate) =>
    (byId.get(candidate.id) ?? 0) < 2
      ? candidate
      : withError(
          candidate,
          "package-entry-collision",
          `two entries of this package are both called "${candidate.id}"`,
        ),
  );
}

async function nativeCandidate(
  base: Base,
  found: FoundManifest | undefined,
  entry: string | undefined,
  suffix: string | undefined,
  wanted?: string,
): Promise<PluginCandidate> {
  const hint = idHint(base.packageMetadata, basename(base.rootDir));
  const manifest = found?.result.manifest;
  const plainId = manifest?.id ?? hint;
  const id = suffix ? `${plainId}/${suffix}` : plainId;
  const diagnostics: PluginDiagnostic[] = [];
  const add = (level: PluginDiagnostic["level"], code: DiagnosticCode, message: string) =>
    diagnostics.push({ level, code, message, pluginId: id, source: found?.path ?? base.rootDir });

  if (!found) {
    add(
      "error",
      "manifest-missing",
      `${base.rootDir} has no ${MANIFEST_NAMES[0]}; add one with "id" and "configSchema"`,
    );
  }
  for (const problem of found?.result.problems ?? []) {
    add(problem.fatal ? "error" : "warn", problem.code, problem.message);
  }
  if (!entry) {
    add(
      "error",
      "entry-missing",
      `the entry ${wanted ?? "index.js"} of ${base.rootDir} does not exist; build the plugin`,
    );
  }
  if (manifest && base.origin !== "bundled") {
    for (const channel of manifest.channels) {
      if (manifest.channelConfigs[channel]) continue;
      add(
        "warn",
        "channel-config-metadata-missing",
        `the manifest owns channel "${channel}" but has no "channelConfigs.${channel}"; its settings are not checked`,
      );
    }
  }
  const [setupEntry, cliMetadataEntry] = await Promise.all([
    resolveSetupEntry(base),
    entry ? besideEntry(base, entry, entryNames("cli-metadata")) : undefined,
  ]);
  const gate = await checkPathGates(
    base.origin,
    base.realRoot,
    [entry, setupEntry, cliMetadataEntry].filter((path): path is string => path !== undefined),
  );
  if (gate) add("warn", gate.code, `blocked: ${gate.message}`);
  const incompatible = base.origin === "bundled" ? undefined : await incompatibilityOf(base.packageMetadata);
  const tooOld = incompatible?.code === "compat-host-too-old";
  if (incompatible) add(tooOld ? "warn" : "error", incompatible.code, incompatible.message);
  const blocked = gate?.code ?? (tooOld ? incompatible.code : undefined);
  return {
    ...placeOf(base),
    id,
    format: "openclaw",
    diagnostics,
    ...(found ? { manifestPath: found.path } : {}),
    ...(found?.digest === undefined ? {} : { manifestDigest: found.digest }),
    ...(manifest ? { manifest: suffix ? { ...manifest, id } : manifest } : {}),
    ...(entry ? { entry } : {}),
    ...(setupEntry ? { setupEntry } : {}),
    ...(cliMetadataEntry ? { cliMetadataEntry } : {}),
    ...(blocked ? { blocked } : {}),
  };
}

async function resolveSetupEntry(base: Base): Promise<string | undefined> {
  const metadata = base.packageMetadata;
  if (metadata?.setupEntry) {
    return resolveEntry(base.rootDir, metadata.setupEntry, metadata.runtimeSetupEntry);
  }
  return firstListed(base.rootDir, entryNames("setup-entry"), base.names);
}

async function besideEntry(
  { rootDir, names }: Base,
  entry: string,
  wanted: readonly string[],
): Promise<string | undefined> {
  const folder = dirname(entry);
  return folder === rootDir ? firstListed(folder, wanted, names) : firstExisting(folder, wanted);
}

function firstListed(
  folder: string,
  wanted: readonly string[],
  names: ReadonlySet<string>,
): string | undefined {
  const name = wanted.find((candidate) => names.has(candidate));
  return name === undefined ? undefined : join(folder, name);
}

function bundleCandidate(
  base: Base,
  found: NonNullable<Awaited<ReturnType<typeof detectBundle>>>,
  folder: string,
): PluginCandidate {
  const id = found.id ?? idHint(base.packageMetadata, basename(folder));
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
    source: folder,
  }));
  return {
    ...placeOf(base),
    id,
    format: "bundle",
    bundle: found.contents,
    diagnostics,
    ...(manifest ? { manifest } : {}),
    ...(found.manifestPath ? { manifestPath: found.manifestPath } : {}),
  };
}

function failed(
  base: Base,
  folder: string,
  metadata: PackageMetadata | undefined,
  code: DiagnosticCode,
  message: string,
): PluginCandidate {
  const id = idHint(metadata, basename(folder));
  return {
    ...placeOf(base),
    id,
    format: "openclaw",
    diagnostics: [{ level: "error", code, message, pluginId: id, source: folder }],
  };
}

function placeOf({ names: _names, ...place }: Base): Omit<Base, "names"> {
  return place;
}

export function withError(
  candidate: PluginCandidate,
  code: DiagnosticCode,
  message: string,
): PluginCandidate {
  return {
    ...candidate,
    diagnostics: [
      ...candidate.diagnostics,
      { level: "error", code, message, pluginId: candidate.id, source: candidate.rootDir },
    ],
  };
}
