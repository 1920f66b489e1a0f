import { basename, dirname, join } from "node:path";
import type { DiagnosticCode } from "../diagnostic-codes.ts";
import { staysInside } from "../manifest/inner-path.ts";
import { idHint } from "../manifest/package-metadata.ts";
import type { PluginDiagnostic } from "../types.ts";
import { type PluginCandidate, withError } from "./candidate.ts";
import { entryNames, firstExisting, INDEX_NAMES, isEntryName, resolveEntry } from "./entry-file.ts";
import { type FoundManifest, MANIFEST_NAMES, type PluginFolder, placeOf } from "./folder-metadata.ts";
import { checkPathGates } from "./gates.ts";
import { incompatibilityOf } from "./host-compatibility.ts";

interface NativeEntry {
  /** Absolute path; absent: it does not exist, or may not be named. */
  readonly entry: string | undefined;
  /** Tells the entries of one package apart. */
  readonly suffix?: string | undefined;
  /** How the package names its entry, for the message when it does not exist. */
  readonly wanted?: string;
}

/** One candidate for each entry of a package (spec 2.2). */
export async function packageCandidates(
  folder: PluginFolder,
  found: FoundManifest | undefined,
): Promise<PluginCandidate[]> {
  const names = folder.packageMetadata?.extensions ?? [];
  const runtime = folder.packageMetadata?.runtimeExtensions ?? [];
  const paired = runtime.length === names.length;
  const candidates: PluginCandidate[] = [];
  for (const [index, name] of names.entries()) {
    const entry = await resolveEntry(folder.rootDir, name, paired ? runtime[index] : undefined);
    const suffix = names.length > 1 ? entryBaseName(name) : undefined;
    candidates.push(await nativeCandidate(folder, found, { entry, suffix, wanted: name }));
  }
  return markEntryCollisions(candidates);
}

/** A plugin of one entry: what its manifest says, the modules the host may load, and what speaks against it. */
export async function nativeCandidate(
  folder: PluginFolder,
  found: FoundManifest | undefined,
  { entry, suffix, wanted = "index.js" }: NativeEntry,
): Promise<PluginCandidate> {
  const hint = idHint(folder.packageMetadata, basename(folder.rootDir));
  const manifest = found?.result.manifest;
  const plainId = manifest?.id ?? hint;
  const id = suffix ? `${plainId}/${suffix}` : plainId;
  const diagnostics: PluginDiagnostic[] = [];
  const add = (level: PluginDiagnostic["level"], code: DiagnosticCode, message: string) =>
    diagnostics.push({ level, code, message, pluginId: id, source: found?.path ?? folder.rootDir });

  if (!found) {
    add(
      "error",
      "manifest-missing",
      `${folder.rootDir} has no ${MANIFEST_NAMES[0]}; add one with "id" and "configSchema"`,
    );
  }
  for (const problem of found?.result.problems ?? []) {
    add(problem.fatal ? "error" : "warn", problem.code, problem.message);
  }
  const escapes = !staysInside(wanted);
  if (escapes) {
    add("warn", "source-escapes-root", `blocked: the entry ${wanted} leads out of ${folder.rootDir}`);
  } else if (!entry) {
    add(
      "error",
      "entry-missing",
      isEntryName(wanted)
        ? `the entry ${wanted} of ${folder.rootDir} does not exist; build the plugin`
        : `the entry ${wanted} of ${folder.rootDir} can not be one: it needs to be JavaScript or TypeScript, no declaration and no test`,
    );
  }
  if (manifest && folder.origin !== "bundled") {
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
    resolveSetupEntry(folder),
    entry ? besideEntry(folder, entry, entryNames("cli-metadata")) : undefined,
  ]);
  const gate = await checkPathGates(
    folder.origin,
    folder.realRoot,
    [entry, setupEntry, cliMetadataEntry].filter((path): path is string => path !== undefined),
  );
  if (gate && !escapes) add("warn", gate.code, `blocked: ${gate.message}`);
  const incompatible =
    folder.origin === "bundled" ? undefined : await incompatibilityOf(folder.packageMetadata);
  const tooOld = incompatible?.code === "compat-host-too-old";
  if (incompatible) add(tooOld ? "warn" : "error", incompatible.code, incompatible.message);
  const blocked = escapes ? "source-escapes-root" : (gate?.code ?? (tooOld ? incompatible.code : undefined));
  return {
    ...placeOf(folder),
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

/** A package that says it is a plugin and names no entry (spec 1.15): it is listed and never loaded. */
export function emptyPackage(folder: PluginFolder, found: FoundManifest | undefined): PluginCandidate {
  const manifest = found?.result.manifest;
  const id = manifest?.id ?? idHint(folder.packageMetadata, basename(folder.rootDir));
  const bare: PluginCandidate = {
    ...placeOf(folder),
    id,
    format: "openclaw",
    diagnostics: [],
    ...(found ? { manifestPath: found.path } : {}),
    ...(manifest ? { manifest } : {}),
  };
  const message =
    'package.json has an empty "openclaw.extensions"; name the entry there, or leave the key out';
  return withError(bare, found ? "entry-missing" : "manifest-missing", message);
}

/** The index module of a folder without named entries. */
export function indexEntry({ rootDir, names }: PluginFolder): string | undefined {
  return firstListed(rootDir, INDEX_NAMES, names);
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

async function resolveSetupEntry(folder: PluginFolder): Promise<string | undefined> {
  const metadata = folder.packageMetadata;
  if (metadata?.setupEntry) {
    return resolveEntry(folder.rootDir, metadata.setupEntry, metadata.runtimeSetupEntry);
  }
  return firstListed(folder.rootDir, entryNames("setup-entry"), folder.names);
}

async function besideEntry(
  { rootDir, names }: PluginFolder,
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
