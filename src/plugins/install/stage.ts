import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { readPluginFolder } from "../discovery/read-folder.ts";
import { notAPlugin } from "./examine.ts";
import type { NpmClient } from "./npm-client.ts";
import { packagesFromElsewhere } from "./outside-registry.ts";
import { assertSize, cleanTree, digestTree, type PackageSize } from "./tree.ts";
import type { InstallErrorCode, PackageSource } from "./types.ts";

/** A package in its staging folder: complete, examined for unsafe files, none of its code run. */
export interface StagedPackage {
  /** Folder of the plugin, relative to the staging folder. */
  readonly inside: string;
  readonly resolvedSpec: string;
  readonly integrity: string;
  readonly warnings: readonly string[];
}

/** Names a host goes by; a plugin never brings its own. */
export const HOST_PACKAGES: readonly string[] = ["openclaw", "sluice", "clawdbot", "moltbot"];

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
 * Brings a package into `staging`, an empty folder. npm packages and tarballs become the only dependency of
 * a private project, so that their own `package.json` is never installed in place (it may name workspaces).
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
  };
}

/** Nothing is installed for a local folder; say so when it will not run. */
async function missingPackages(folder: string): Promise<string[]> {
  const manifest = await readPackageJson(folder);
  const missing: string[] = [];
  for (const name of Object.keys(manifest?.dependencies ?? {})) {
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
  const host = await hostStub(downloads);
  const project = {
    private: true,
    description: "One installed plugin and its packages; made by Sluice, do not edit.",
    dependencies: { [packed.name]: `file:.download/${basename(tarball)}` },
    overrides: Object.fromEntries(
      HOST_PACKAGES.filter((name) => name !== packed.name).map((name) => [name, `file:.download/${host}`]),
    ),
  };
  await writeFile(join(staging, "package.json"), `${JSON.stringify(project, null, 2)}\n`);
  const label = `${packed.name}@${packed.version}`;
  await npm.install(staging, label);
  await rm(downloads, { recursive: true, force: true });
  const { removed } = await cleanTree(staging, HOST_PACKAGES, new Set([packed.name]));
  const inside = join("node_modules", ...packed.name.split("/"));
  const manifest = await readPackageJson(join(staging, inside));
  const bringsHost = HOST_PACKAGES.some((name) => manifest?.dependencies?.[name]);
  const elsewhere = await packagesFromElsewhere(staging);
  return {
    inside,
    resolvedSpec: label,
    integrity,
    warnings: [
      ...(bringsHost ? removed.map(droppedHost) : []),
      ...(elsewhere.length > 0
        ? [`it brings code from elsewhere than the registry: ${elsewhere.join(", ")}`]
        : []),
    ],
  };
}

/** Takes the place of a host that a package names as its dependency, so that none is downloaded. */
async function hostStub(downloads: string): Promise<string> {
  await mkdir(join(downloads, "host"));
  await writeFile(
    join(downloads, "host", "package.json"),
    '{ "name": "provided-by-the-host", "version": "0.0.0" }\n',
  );
  return "host";
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

async function readPackageJson(
  folder: string,
): Promise<{ dependencies?: Record<string, string>; engines?: { node?: unknown } } | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
  } catch {
    return undefined;
  }
}
