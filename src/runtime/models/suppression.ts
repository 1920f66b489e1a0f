import type { ManifestModelRow, ManifestModelSuppression } from "../../contracts/provider-metadata.ts";

/** Why a model is not offered as usual. */
export interface ModelRemark {
  /** Neither listed nor used. Otherwise it is only marked. */
  readonly hidden: boolean;
  readonly reason?: string;
  readonly replacedBy?: string;
}

/** Where a model would be asked, as far as suppressions look at it. */
export interface ModelPlace {
  readonly provider: string;
  readonly modelId: string;
  readonly baseUrl?: string | undefined;
  readonly api?: string | undefined;
}

/**
 * What manifests say against a model (spec 1.10): a suppression hides it, unless it names what took the
 * model's place; then it is marked and goes on working for those who use it.
 */
export function suppressionOf(
  rules: readonly ManifestModelSuppression[],
  place: ModelPlace,
): ModelRemark | undefined {
  const modelId = place.modelId.toLowerCase();
  const rule = rules.find(
    ({ provider, model, when }) =>
      provider.toLowerCase() === place.provider && model.toLowerCase() === modelId && applies(when, place),
  );
  if (!rule) return undefined;
  const replacedBy = rule.retirement?.replacedBy;
  return {
    hidden: replacedBy === undefined,
    ...(rule.reason === undefined ? {} : { reason: rule.reason }),
    ...(replacedBy === undefined ? {} : { replacedBy }),
  };
}

/** What a catalogue row says against itself. */
export function remarkOf(row: Partial<ManifestModelRow>): ModelRemark | undefined {
  if (row.status !== "disabled" && row.status !== "deprecated" && row.replacedBy === undefined) {
    return undefined;
  }
  return {
    hidden: row.status === "disabled",
    ...(row.statusReason === undefined ? {} : { reason: row.statusReason }),
    ...(row.replacedBy === undefined ? {} : { replacedBy: row.replacedBy }),
  };
}

function applies(when: ManifestModelSuppression["when"], place: ModelPlace): boolean {
  const hosts = when?.baseUrlHosts;
  if (hosts && !hosts.some((host) => host.toLowerCase() === hostOf(place.baseUrl))) return false;
  const apis = when?.providerConfigApiIn;
  return !apis || (place.api !== undefined && apis.includes(place.api));
}

function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined;
}
