import { SluiceError } from "../../kernel/errors.ts";
import { policyId } from "../discovery/candidate.ts";
import { claimsOf, digestClaims, reviewToken } from "./claims.ts";
import type { ExaminedPackage } from "./examine.ts";
import { askGuards } from "./guards.ts";
import type { InstallHost, InstallRequest } from "./installer-options.ts";
import { recordedSource } from "./source.ts";
import type { StagedPackage } from "./stage.ts";
import type { InstallErrorCode, InstallRecord, InstallReview, PresentPlugin } from "./types.ts";

/** A package that may be installed. */
export interface Prepared {
  readonly staged: StagedPackage;
  readonly examined: ExaminedPackage;
  readonly review: InstallReview;
  /** What is installed under its id now. */
  readonly previous: InstallRecord | undefined;
}

/**
 * Asks everything that may refuse a staged package: whose id it is, the operator's policy, hooks, and the
 * operator's consent unless these claims were agreed to before.
 *
 * @throws SluiceError `ID_TAKEN`, `POLICY_…`, `HOOK_BLOCKED`, `CONSENT_REQUIRED`
 */
export async function reviewPackage(
  options: Parameters<typeof askGuards>[0] & { readonly host: Pick<InstallHost, "present"> },
  request: InstallRequest,
  { staged, examined, previous }: Omit<Prepared, "review">,
  folder: string,
): Promise<Prepared> {
  const { source, expectedPluginId } = request;
  const { pluginId } = examined;
  if (expectedPluginId !== undefined && policyId(expectedPluginId) !== policyId(pluginId)) {
    throw new SluiceError<InstallErrorCode>(
      "ID_TAKEN",
      `the package now calls itself "${pluginId}", not "${expectedPluginId}"; uninstall the old one first`,
    );
  }
  refuseTakenId(request, examined, previous);
  const claims = claimsOf(examined.candidates);
  const before = previous?.consent === digestClaims(claims);
  const mode = previous ? "update" : "install";
  const first = examined.candidates[0];
  const base = {
    pluginId,
    pluginIds: examined.pluginIds,
    name: first?.manifest?.name ?? pluginId,
    ...(examined.version ? { version: examined.version } : {}),
    ...(examined.packageName ? { packageName: examined.packageName } : {}),
    ...(first?.manifest?.description ? { description: first.manifest.description } : {}),
    source: recordedSource(source),
    resolvedSpec: staged.resolvedSpec,
    integrity: staged.integrity,
    claims,
    reviewToken: reviewToken(pluginId, staged.integrity, claims),
    mode,
  } as const;
  const policyWarnings = await askGuards(options, request, base, folder);
  const review: InstallReview = {
    ...base,
    warnings: [
      ...(previous ? [] : displacedBy(examined, await options.host.present())),
      ...staged.warnings,
      ...examined.warnings,
      ...policyWarnings,
    ],
    added: before ? [] : claims,
  };
  if (!before && !(await request.consent(review))) {
    throw new SluiceError<InstallErrorCode>(
      "CONSENT_REQUIRED",
      `"${pluginId}" is not installed: nobody agreed to what it may do; repeat with --yes to agree`,
      { details: { code: "PLUGIN_CAPABILITY_CONSENT_REQUIRED", ...review } },
    );
  }
  return { staged, examined, review, previous };
}

/** Who has to go for the package: a plugin of the same id, or one whose channel it claims. */
function displacedBy({ candidates }: ExaminedPackage, present: readonly PresentPlugin[]): string[] {
  const warnings: string[] = [];
  for (const { id, manifest } of candidates) {
    const same = present.find((plugin) => policyId(plugin.id) === policyId(id));
    if (same) {
      const what = same.origin === "bundled" ? "is part of Sluice" : `lies in ${same.rootDir}`;
      warnings.push(`it takes the place of the plugin "${same.id}", which ${what}`);
    }
    for (const channel of manifest?.channels ?? []) {
      const owner = present.find((plugin) => plugin !== same && plugin.channels.includes(channel));
      if (owner) warnings.push(`it claims the channel "${channel}", which "${owner.id}" has`);
    }
  }
  return warnings;
}

function refuseTakenId(
  { source, force }: InstallRequest,
  { pluginId, packageName }: ExaminedPackage,
  previous: InstallRecord | undefined,
): void {
  if (!previous || force) return;
  const sameName = previous.packageName === packageName;
  if (sameName && (packageName !== undefined || previous.source === recordedSource(source))) return;
  throw new SluiceError<InstallErrorCode>(
    "ID_TAKEN",
    `"${pluginId}" is installed already from ${previous.resolvedSpec ?? previous.spec}; uninstall that first, or repeat with --force to replace it`,
    { details: { installed: previous.spec } },
  );
}
