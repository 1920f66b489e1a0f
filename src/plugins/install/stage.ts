import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { readPluginFolder } from "../discovery/read-folder.ts";
import { plain } from "../manifest/fields.ts";
import { notAPlugin } from "./examine.ts";
import { HOST_PACKAGES } from "./host-packages.ts";
import type { NpmClient } from "./npm-client.ts";
import { type FetchedPackages, NpmProject, type PackageOrigin } from "./npm-project.ts";
import { readPackageJson } from "./package-json.ts";
import { assertSize, cleanTree, digestTree, type PackageSize } from "./tree.ts";
import type { InstallErrorCode, PackageSource } from "./types.ts";

/**
 * A package in its staging folder: its own files, examined for unsafe ones, none of its code run. What it depends
 * on is not there yet.
 */
export interface StagedPackage {
  /** Folder of the plugin, relative to the staging folder. */
  readonly inside: string;
  readonly resolvedSpec: string;
  readonly integrity: string;
  readonly warnings: readonly string[];
  /** Packages it wants from elsewhere than the registry, such as `left-pad (git+https://…)`. */
  readonly elsewhere: readonly string[];
  /** Fetches what it depends on; nothing for a folder, which is taken as it is. */
  fetchPackages(from: PackageOrigin): Promise<FetchedPackages>;
}

const NOT_COPIED = new Set([".git", ".hg", ".svn", ".turbo", "coverage"]);

export interface StageOptions {
  readonly npm: NpmClient;
  readonly expectedIntegrity?: string;
  /** What is not even unpacked; default {@link LARGEST_PACKAGE}. */
  readonly largest?: PackageSize;
  /** Whether exactly this content is in place already; nothing is fetched for it then. */
  isInstalled(integrity: string): Promise<boolean>;
}

/** What was asked for is installed already. */
export interface AlreadyInstalled {
  readonly installed: string;
}

/**
 * Brings a package into `staging`, an empty folder, and nothing it depends on.
 *
 * @throws SluiceError `PACKAGE_UNAVAILABLE`, `PACKAGE_UNSAFE`, `PACKAGE_TOO_LARGE`, `INTEGRITY_MISMATCH`
 */
export async function stagePackage(
  source: PackageSource,
  staging: string,
  options: StageOptions,
): Promise<StagedPackage | AlreadyInstalled> {
  await mkdir(staging, { recursive: true, mode: 0o700 });
  return source.kind === "folder"
    ? stageFolder(source.path, staging, options)
    : stageTarball(source, staging, options);
}

/** True when there is nothing more to do for this content. */
async function isSettled(
  { expectedIntegrity, isInstalled }: StageOptions,
  integrity: string,
): Promise<boolean> {
  if (expectedIntegrity !== undefined && expectedIntegrity !== integrity) {
    throw new SluiceError<InstallErrorCode>(
      "INTEGRITY_MISMATCH",
      `the package is not the expected one: its integrity is ${integrity}, expected ${expectedIntegrity}`,
      { details: { expected: expectedIntegrity, actual: integrity } },
    );
  }
  return isInstalled(integrity);
}

async function stageFolder(
  path: string,
  staging: string,
  options: StageOptions,
): Promise<StagedPackage | AlreadyInstalled> {
  // Asked before anything is copied: the folder may be a whole disk.
  if ((await readPluginFolder(path, { origin: "global" })).length === 0) throw notAPlugin();
  const inside = "plugin";
  const target = join(staging, inside);
  await cp(path, target, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (from) => !NOT_COPIED.has(basename(from)) && !isHostFolder(from),
  }).catch((error: unknown) => {
    throw new SluiceError<InstallErrorCode>(
      "PACKAGE_UNAVAILABLE",
      `${path} cannot be copied: ${errorMessage(error)}`,
      {
        cause: error,
      },
    );
  });
  const { removed } = await cleanTree(target, HOST_PACKAGES);
  const integrity = await digestTree(target);
  if (await isSettled(options, integrity)) return { installed: integrity };
  return {
    inside,
    resolvedSpec: path,
    integrity,
    warnings: [...removed.map(droppedHost), ...(await missingPackages(target))],
    elsewhere: [],
    fetchPackages: nothingToFetch,
  };
}

/** For what is taken as it is. */
export async function nothingToFetch(): Promise<FetchedPackages> {
  return { complete: true, elsewhere: [] };
}

/** Nothing is installed for a local folder; say so when it will not run. */
async function missingPackages(folder: string): Promise<string[]> {
  const manifest = await readPackageJson(folder);
  const missing: string[] = [];
  for (const name of Object.keys(plain(manifest?.["dependencies"]) ?? {})) {
    if (HOST_PACKAGES.includes(name)) continue;
    if (!(await readPackageJson(join(folder, "node_modules", name)))) missing.push(name);
  }
  return missing.length === 0
    ? []
    : [
        `its packages are not installed (${missing.join(", ")}); run npm install in the folder and install it again, or pack it with npm pack`,
      ];
}

async function stageTarball(
  source: Exclude<PackageSource, { kind: "folder" }>,
  staging: string,
  options: StageOptions,
): Promise<StagedPackage | AlreadyInstalled> {
  const { npm } = options;
  const downloads = join(staging, ".download");
  await mkdir(downloads, { mode: 0o700 });
  await writeFile(join(downloads, "package.json"), '{ "private": true }\n');
  const packed =
    source.kind === "npm"
      ? await npm.pack(newestOf(source.spec), downloads, source.spec)
      : await npm.pack(source.path, downloads);
  assertSize({ files: packed.entryCount ?? 0, bytes: packed.unpackedSize ?? 0 }, options.largest);
  const tarball = join(downloads, tarballName(packed));
  const integrity = await integrityOf(tarball);
  if (await isSettled(options, integrity)) return { installed: integrity };
  const project = new NpmProject(npm, staging, packed, tarball);
  const { elsewhere, hosts } = await project.unpack(integrity);
  return {
    inside: project.inside,
    resolvedSpec: `${packed.name}@${packed.version}`,
    integrity,
    warnings: hosts.map(droppedHost),
    elsewhere,
    fetchPackages: (from) => project.fetchPackages(from),
  };
}

/**
 * For a bare name npm would silently take an older version when the newest asks for another Node. Most code
 * runs nevertheless, and the review says what it asks for: the newest is what an operator means.
 */
function newestOf(spec: string): string {
  return spec.includes("@", 1) ? spec : `${spec}@latest`;
}

const PACKAGE_NAME = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i;

function tarballName({ filename, name }: { filename: string; name: string }): string {
  const file = basename(filename);
  if (file.endsWith(".tgz") && file !== ".tgz" && PACKAGE_NAME.test(name)) return file;
  throw new SluiceError<InstallErrorCode>("PACKAGE_UNAVAILABLE", `npm named no usable tarball for "${name}"`);
}

async function integrityOf(file: string): Promise<string> {
  const hash = createHash("sha512");
  await pipeline(createReadStream(file), hash);
  return `sha512-${hash.digest("base64")}`;
}

function isHostFolder(path: string): boolean {
  const [name, parent] = path.split(sep).reverse();
  return parent === "node_modules" && HOST_PACKAGES.includes(name ?? "");
}

function droppedHost(path: string): string {
  return `it brings its own copy of the host (${path}); this host provides the SDK, the copy was left out`;
}
