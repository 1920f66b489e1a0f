import { PLUGIN_CONTRACT_VERSION } from "../../contracts/contract-version.ts";
import type { PackageMetadata } from "../../contracts/manifest.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { type PluginCandidate, policyId } from "../discovery/candidate.ts";
import { readPluginFolder } from "../discovery/read-folder.ts";
import { plain } from "../manifest/fields.ts";
import { readPackageJson } from "./package-json.ts";
import type { InstallErrorCode, PresentPlugin } from "./types.ts";

export interface ExaminedPackage {
  readonly candidates: readonly PluginCandidate[];
  /** Id of the package. */
  readonly pluginId: string;
  readonly pluginIds: readonly string[];
  readonly packageName?: string;
  readonly version?: string;
  readonly warnings: readonly string[];
}

/**
 * Reads a staged folder as discovery will read it in place, with every safety gate, and runs none of its
 * code. @throws SluiceError `NOT_A_PLUGIN`, `PACKAGE_UNSAFE`
 */
export async function examinePackage(folder: string): Promise<ExaminedPackage> {
  const candidates = await readPluginFolder(folder, { origin: "global" });
  const first = candidates[0];
  if (!first) throw notAPlugin();
  const warnings: string[] = [];
  for (const { id, blocked, diagnostics } of candidates) {
    if (blocked) {
      const said = diagnostics.find(({ code }) => code === blocked);
      throw new SluiceError<InstallErrorCode>(
        "PACKAGE_UNSAFE",
        `"${id}" is ${withoutPlace(said?.message ?? `blocked: ${blocked}`, folder)}`,
        {
          details: { gate: blocked },
        },
      );
    }
    const broken = diagnostics.find(({ level }) => level === "error");
    if (broken) {
      throw new SluiceError<InstallErrorCode>(
        "NOT_A_PLUGIN",
        `"${id}" cannot be installed: ${withoutPlace(broken.message, folder)}`,
        { details: { code: broken.code } },
      );
    }
    warnings.push(...diagnostics.filter(({ level }) => level === "warn").map(({ message }) => message));
  }
  const { packageMetadata, manifest } = first;
  const ages = await ageWarnings(folder, packageMetadata);
  const version = packageMetadata?.packageVersion ?? manifest?.version;
  return {
    candidates,
    pluginId: candidates.length > 1 ? (first.id.split("/")[0] as string) : first.id,
    pluginIds: candidates.map(({ id }) => id),
    warnings: [...warnings, ...ages],
    ...(packageMetadata?.packageName ? { packageName: packageMetadata.packageName } : {}),
    ...(version ? { version } : {}),
  };
}

/** Where a package lies while it is examined is nothing to its owner. */
function withoutPlace(message: string, folder: string): string {
  return message.replaceAll(folder, "the package");
}

/** The plugins of a package as the host will see them once they are enabled. */
export function arrivingIn({ candidates }: ExaminedPackage): readonly PresentPlugin[] {
  return candidates.map(({ id, rootDir, manifest }) => ({
    id,
    origin: "global",
    rootDir,
    kinds: manifest?.kinds ?? [],
    channels: manifest?.channels ?? [],
    enabled: false,
    explicitlyEnabled: false,
  }));
}

export function notAPlugin(): SluiceError<InstallErrorCode> {
  return new SluiceError(
    "NOT_A_PLUGIN",
    'this is no plugin: it has neither an openclaw.plugin.json nor "openclaw.extensions" in its package.json',
  );
}

/** A name for a folder, made from any id. */
export function folderNameOf(id: string): string {
  const name = policyId(id)
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[.-]+/, "");
  return name.slice(0, 80) || "plugin";
}

/** What the package asks of Node and of its host, where these are older; most code runs nevertheless. */
async function ageWarnings(folder: string, metadata: PackageMetadata | undefined): Promise<string[]> {
  const engines = plain((await readPackageJson(folder))?.["engines"]);
  const asked = [
    { what: "Node", wanted: engines?.["node"], here: process.version, is: "this is" },
    {
      what: "a host of",
      wanted: metadata?.install?.["minHostVersion"],
      here: PLUGIN_CONTRACT_VERSION,
      is: "this one keeps the contract of",
    },
  ];
  const { default: semver } = await import("semver");
  return asked.flatMap(({ what, wanted, here, is }) =>
    typeof wanted === "string" &&
    semver.validRange(wanted) &&
    !semver.satisfies(here, wanted, { includePrerelease: true })
      ? [`it asks for ${what} ${wanted}; ${is} ${here}`]
      : [],
  );
}
