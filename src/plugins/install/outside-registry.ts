import { isPlain, type Plain, plain } from "../manifest/fields.ts";
import { HOST_PACKAGES } from "./host-packages.ts";
import { readPackageJson } from "./package-json.ts";

/** Names shown at most; one is enough to think twice. */
const MAX_SHOWN = 50;
/** What npm takes besides versions and tags: repositories, addresses, folders, tarballs. No version has these. */
const A_PLACE = /[/:\\]|\.(?:tgz|tar|tar\.gz)$/i;
/** Another name of the registry. */
const ALIAS = /^npm:/;

/**
 * What a package says itself of packages that are not of the registry: nobody can look them up there, and their
 * code is whatever that place holds when it is asked.
 *
 * @param wanted the package's dependencies: by name, a version or a place
 * @param fixed its `npm-shrinkwrap.json`, which tells npm where to fetch
 * @returns such as `left-pad (git+https://…)`
 */
export function dependenciesFromElsewhere(wanted: Plain, fixed: Plain | undefined): readonly string[] {
  const hosts = Object.values(plain(fixed?.["packages"]) ?? {}).flatMap(addressOf);
  return shortened([
    ...placesIn(wanted),
    ...(hosts.length > 0 ? [`its own lock file (${[...new Set(hosts)].sort().join(", ")})`] : []),
  ]);
}

/** The same of everything npm brought. @param folder where npm left its lock file */
export async function packagesFromElsewhere(folder: string): Promise<readonly string[]> {
  const lock = await readPackageJson(folder, "package-lock.json");
  const found: string[] = [];
  for (const [path, locked] of Object.entries(plain(lock?.["packages"]) ?? {})) {
    // The first is the project made around the plugin; it names nothing but the tarball.
    if (path === "" || !isPlain(locked)) continue;
    for (const key of ["dependencies", "optionalDependencies"]) found.push(...placesIn(plain(locked[key])));
  }
  return shortened(found);
}

function placesIn(wanted: Plain | undefined): string[] {
  return Object.entries(wanted ?? {}).flatMap(([name, spec]) =>
    // Of a host nothing is fetched, wherever it is said to be.
    typeof spec === "string" && A_PLACE.test(spec) && !ALIAS.test(spec) && !HOST_PACKAGES.includes(name)
      ? [`${name} (${withoutPassword(spec)})`]
      : [],
  );
}

/** The host that a row of a lock file fetches from. */
function addressOf(locked: unknown): string[] {
  const resolved = plain(locked)?.["resolved"];
  if (typeof resolved !== "string" || !URL.canParse(resolved)) return [];
  const { protocol, host } = new URL(resolved);
  return [host || protocol];
}

function shortened(found: readonly string[]): readonly string[] {
  const names = [...new Set(found)].sort();
  return names.length <= MAX_SHOWN
    ? names
    : [...names.slice(0, MAX_SHOWN), `and ${names.length - MAX_SHOWN} more`];
}

function withoutPassword(spec: string): string {
  return spec.replace(/\/\/[^/@\s]*@/, "//");
}
