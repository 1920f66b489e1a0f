import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { isSluiceError } from "../../kernel/errors.ts";
import { plain } from "../manifest/fields.ts";
import { HOST_PACKAGES } from "./host-packages.ts";
import type { NpmClient, PackedPackage } from "./npm-client.ts";
import { dependenciesFromElsewhere, packagesFromElsewhere } from "./outside-registry.ts";
import { readPackageJson } from "./package-json.ts";
import { cleanTree } from "./tree.ts";

/** What came with the packages a plugin depends on. */
export interface FetchedPackages {
  /** False when npm refused one that is not of the registry; nothing was left in place of it. */
  readonly complete: boolean;
  /** Packages that are not of the registry. */
  readonly elsewhere: readonly string[];
}

/** Where {@link NpmProject.fetchPackages} may take packages from. */
export type PackageOrigin = "registry" | "anywhere";

/**
 * The private npm project around one tarball, whose only dependency is the plugin; the plugin's own
 * `package.json` is never installed in place, because it may name workspaces.
 *
 * The tarball is unpacked first, alone: what it depends on is fetched only when somebody has agreed to it.
 */
export class NpmProject {
  readonly #npm: NpmClient;
  readonly #folder: string;
  readonly #packed: PackedPackage;
  readonly #tarball: string;
  readonly #label: string;
  /** Whether it depends on anything; known once it is unpacked. */
  #needsPackages = true;

  /** @param tarball in `<folder>/.download` */
  constructor(npm: NpmClient, folder: string, packed: PackedPackage, tarball: string) {
    this.#npm = npm;
    this.#folder = folder;
    this.#packed = packed;
    this.#tarball = tarball;
    this.#label = `${packed.name}@${packed.version}`;
  }

  /** Folder of the plugin, relative to the project. */
  get inside(): string {
    return join("node_modules", ...this.#packed.name.split("/"));
  }

  /**
   * Unpacks the tarball as npm would, and nothing else. @returns what the plugin wants from elsewhere than the
   * registry, and the copies of a host that it has or wants, relative to the project
   */
  async unpack(integrity: string): Promise<{ elsewhere: readonly string[]; hosts: readonly string[] }> {
    const { name, version } = this.#packed;
    const dependencies = { [name]: this.#tarballSpec() };
    await this.#write("package.json", { private: true, dependencies });
    // A lock that names one package without dependencies: npm has nothing to ask or fetch.
    await this.#write("package-lock.json", {
      lockfileVersion: 3,
      requires: true,
      packages: {
        "": { dependencies },
        [`node_modules/${name}`]: { version, resolved: this.#tarballSpec(), integrity },
      },
    });
    await this.#npm.unpack(this.#folder, this.#label);
    const { removed } = await this.#clean();
    const own = join(this.#folder, this.inside);
    const wanted = await wantedBy(own);
    const fixed = await readPackageJson(own, "npm-shrinkwrap.json");
    this.#needsPackages = Object.keys(wanted).length > 0 || fixed !== undefined;
    const hosts = HOST_PACKAGES.filter((host) => host !== name && host in wanted);
    return {
      elsewhere: dependenciesFromElsewhere(wanted, fixed),
      hosts: [...removed, ...hosts.map((host) => join(this.inside, "node_modules", host))],
    };
  }

  /**
   * Fetches everything the plugin depends on. From `registry`, npm lines that can refuse other places do so
   * before they ask them; with older ones `elsewhere` tells afterwards.
   *
   * @throws SluiceError `PACKAGE_UNAVAILABLE`, `PACKAGE_UNSAFE`, `PACKAGE_TOO_LARGE`
   */
  async fetchPackages(from: PackageOrigin): Promise<FetchedPackages> {
    if (!this.#needsPackages) {
      await this.#forgetTarball();
      return { complete: true, elsewhere: [] };
    }
    for (const name of ["node_modules", "package-lock.json"]) {
      await rm(join(this.#folder, name), { recursive: true, force: true });
    }
    await this.#write("package.json", await this.#wholeProject());
    try {
      await this.#npm.install(this.#folder, this.#label, from);
    } catch (error) {
      const refused = from === "registry" ? refusedPlace(error) : undefined;
      if (refused === undefined) throw error;
      return { complete: false, elsewhere: [refused] };
    }
    await this.#forgetTarball();
    await this.#clean();
    return { complete: true, elsewhere: await packagesFromElsewhere(this.#folder) };
  }

  async #wholeProject(): Promise<object> {
    const { name } = this.#packed;
    const host = await this.#hostStub();
    return {
      private: true,
      description: "One installed plugin and its packages; made by Sluice, do not edit.",
      dependencies: { [name]: this.#tarballSpec() },
      overrides: Object.fromEntries(
        HOST_PACKAGES.filter((one) => one !== name).map((one) => [one, `file:.download/${host}`]),
      ),
    };
  }

  /** Takes the place of a host that a package names as its dependency, so that none is downloaded. */
  async #hostStub(): Promise<string> {
    const stub = join(this.#folder, ".download", "host");
    await mkdir(stub, { recursive: true });
    await writeFile(join(stub, "package.json"), '{ "name": "provided-by-the-host", "version": "0.0.0" }\n');
    return "host";
  }

  #tarballSpec(): string {
    return `file:.download/${basename(this.#tarball)}`;
  }

  #clean(): ReturnType<typeof cleanTree> {
    return cleanTree(this.#folder, HOST_PACKAGES, new Set([this.#packed.name]));
  }

  async #forgetTarball(): Promise<void> {
    await rm(join(this.#folder, ".download"), { recursive: true, force: true });
  }

  async #write(name: string, value: object): Promise<void> {
    await writeFile(join(this.#folder, name), `${JSON.stringify(value, null, 2)}\n`);
  }
}

/** What npm would fetch for the package in `folder`: names with versions or places. */
async function wantedBy(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const own = await readPackageJson(folder);
  return { ...plain(own?.["optionalDependencies"]), ...plain(own?.["dependencies"]) };
}

/** What npm would not fetch from outside the registry, as far as it says. */
function refusedPlace(error: unknown): string | undefined {
  if (!isSluiceError(error)) return undefined;
  const { npmCode, refused } = (error.details ?? {}) as { npmCode?: string; refused?: string };
  return npmCode?.startsWith("EALLOW") ? (refused ?? "a package that npm does not name") : undefined;
}
