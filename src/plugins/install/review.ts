import { SluiceError } from "../../kernel/errors.ts";
import { policyId } from "../discovery/candidate.ts";
import { claimsOf, digestClaims, reviewToken } from "./claims.ts";
import type { ExaminedPackage } from "./examine.ts";
import { askGuards } from "./guards.ts";
import type { InstallHost, InstallRequest } from "./installer-options.ts";
import type { KnownPackages } from "./known-packages.ts";
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

type ReviewOptions = Parameters<typeof askGuards>[0] & { readonly host: Pick<InstallHost, "present"> };
type Subject = Omit<Prepared, "review">;

/**
 * Asks everything that may refuse a staged package: whose id it is, the operator's consent unless these claims were
 * agreed to before, then, when what it depends on is there as well, the operator's policy and hooks.
 *
 * Only the package itself is fetched before anybody agrees. When one of its packages turns out to bring code from
 * elsewhere than the registry, that is asked as well.
 *
 * @param known what of its packages an earlier look found to come from elsewhere; what this one finds is added
 * @throws SluiceError `ID_TAKEN`, `CONSENT_REQUIRED`, `PACKAGE_…`, `POLICY_…`, `HOOK_BLOCKED`
 */
export async function reviewPackage(
  options: ReviewOptions,
  request: InstallRequest,
  subject: Subject,
  folder: string,
  known: KnownPackages,
): Promise<Prepared> {
  const { expectedPluginId } = request;
  const { staged, examined, previous } = subject;
  const { pluginId } = examined;
  if (expectedPluginId !== undefined && policyId(expectedPluginId) !== policyId(pluginId)) {
    throw new SluiceError<InstallErrorCode>(
      "ID_TAKEN",
      `the package now calls itself "${pluginId}", not "${expectedPluginId}"; uninstall the old one first`,
    );
  }
  refuseTakenId(request, examined, previous);
  let places = union(staged.elsewhere, known.of(staged.integrity));
  let review = await agreeOn(options, request, subject, places);
  const from = places.length > 0 ? "anywhere" : "registry";
  let fetched = await staged.fetchPackages(from);
  if (from === "registry" && fetched.elsewhere.length > 0) {
    places = fetched.elsewhere;
    known.note(staged.integrity, places);
    review = await agreeOn(options, request, subject, places);
    if (!fetched.complete) fetched = await staged.fetchPackages("anywhere");
  }
  const unnamed = fetched.elsewhere.filter((place) => !places.includes(place));
  const policyWarnings = await askGuards(options, request, review, folder);
  return {
    ...subject,
    review: {
      ...review,
      warnings: [
        ...review.warnings,
        ...(unnamed.length > 0
          ? [`it brought code from elsewhere than the registry: ${unnamed.join(", ")}`]
          : []),
        ...policyWarnings,
      ],
    },
  };
}

/** Shows what the package is and claims. @throws SluiceError `CONSENT_REQUIRED` */
async function agreeOn(
  { host }: ReviewOptions,
  request: InstallRequest,
  { staged, examined, previous }: Subject,
  elsewhere: readonly string[],
): Promise<InstallReview> {
  const { pluginId, candidates } = examined;
  const claims = claimsOf(candidates, elsewhere);
  const before = previous?.consent === digestClaims(claims);
  const first = candidates[0];
  const review: InstallReview = {
    pluginId,
    pluginIds: examined.pluginIds,
    name: first?.manifest?.name ?? pluginId,
    ...(examined.version ? { version: examined.version } : {}),
    ...(examined.packageName ? { packageName: examined.packageName } : {}),
    ...(first?.manifest?.description ? { description: first.manifest.description } : {}),
    source: recordedSource(request.source),
    resolvedSpec: staged.resolvedSpec,
    integrity: staged.integrity,
    claims,
    reviewToken: reviewToken(pluginId, staged.integrity, claims),
    mode: previous ? "update" : "install",
    warnings: [
      ...(previous ? [] : displacedBy(examined, await host.present())),
      ...staged.warnings,
      ...examined.warnings,
    ],
    added: before ? [] : claims,
  };
  if (before || (await request.consent(review))) return review;
  throw new SluiceError<InstallErrorCode>(
    "CONSENT_REQUIRED",
    `"${pluginId}" is not installed: nobody agreed to what it may do; repeat with --yes to agree`,
    { details: { code: "PLUGIN_CAPABILITY_CONSENT_REQUIRED", ...review } },
  );
}

function union(some: readonly string[], others: readonly string[]): readonly string[] {
  return [...new Set([...some, ...others])].sort();
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
