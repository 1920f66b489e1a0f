import { PLUGIN_CONTRACT_VERSION } from "../../contracts/contract-version.ts";
import type { PackageMetadata } from "../../contracts/manifest.ts";

/** Why this host can not run a package (spec 1.15): its range is no range, or the contract here is too old. */
export interface Incompatibility {
  readonly code: "compat-range-invalid" | "compat-host-too-old";
  readonly message: string;
}

/**
 * Compares what a package asks of its host with the contract this one keeps. A plain version means at least
 * that one: nobody builds for a single release.
 */
export async function incompatibilityOf(
  metadata: PackageMetadata | undefined,
): Promise<Incompatibility | undefined> {
  const { pluginApi, minGatewayVersion } = metadata?.compat ?? {};
  const wanted = Object.entries({ pluginApi, minGatewayVersion }).filter(([, range]) => range !== undefined);
  if (wanted.length === 0) return undefined;
  const { default: semver } = await import("semver");
  for (const [name, given] of wanted) {
    const range = semver.valid(given, LOOSE) ? `>=${given}` : (given as string);
    if (semver.validRange(range, LOOSE) === null) {
      return {
        code: "compat-range-invalid",
        message: `package.json: "openclaw.compat.${name}" is "${given}", which is no range of versions`,
      };
    }
    if (!semver.satisfies(PLUGIN_CONTRACT_VERSION, range, { ...LOOSE, includePrerelease: true })) {
      return {
        code: "compat-host-too-old",
        message: `it needs a host of ${given} ("openclaw.compat.${name}"); this one keeps the contract of ${PLUGIN_CONTRACT_VERSION}: update Sluice, or install an older version of the plugin`,
      };
    }
  }
  return undefined;
}

const LOOSE = { loose: true } as const;
