import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isPlain } from "../manifest/fields.ts";

/** Names shown at most; one is enough to think twice. */
const MAX_SHOWN = 10;
/** What npm takes besides names and versions: repositories, addresses, files; `owner/repository` is one on a forge. */
const NO_VERSION = /^(?:git|github:|gitlab:|bitbucket:|gist:|https?:|file:|[\w.-]+\/[\w.-]+(?:#|$))/i;

/**
 * Packages that come from elsewhere than the registry: nobody can look them up there, and their code is whatever
 * that place held at this moment.
 *
 * @param folder where npm left its lock file
 * @returns such as `left-pad (git+https://…)`
 */
export async function packagesFromElsewhere(folder: string): Promise<readonly string[]> {
  const packages = await lockedPackages(join(folder, "package-lock.json"));
  const found = new Set<string>();
  for (const [path, locked] of Object.entries(packages)) {
    // The first is the project made around the plugin; it names nothing but the tarball.
    if (path === "" || !isPlain(locked)) continue;
    for (const key of ["dependencies", "optionalDependencies"]) {
      const wanted = locked[key];
      for (const [name, spec] of Object.entries(isPlain(wanted) ? wanted : {})) {
        if (typeof spec === "string" && NO_VERSION.test(spec))
          found.add(`${name} (${withoutPassword(spec)})`);
      }
    }
  }
  const names = [...found].sort();
  return names.length <= MAX_SHOWN
    ? names
    : [...names.slice(0, MAX_SHOWN), `and ${names.length - MAX_SHOWN} more`];
}

function withoutPassword(spec: string): string {
  return spec.replace(/\/\/[^/@\s]*@/, "//");
}

async function lockedPackages(file: string): Promise<Record<string, unknown>> {
  try {
    const lock: unknown = JSON.parse(await readFile(file, "utf8"));
    return isPlain(lock) && isPlain(lock["packages"]) ? lock["packages"] : {};
  } catch {
    return {};
  }
}
