import type {
  ManifestModelIdNormalization,
  ManifestModelSupport,
} from "../../contracts/provider-metadata.ts";

/** What stands for one model name, as its provider spells it (spec 1.10 `modelIdNormalization`). */
export function normalizeModelId(rules: ManifestModelIdNormalization, given: string): string {
  const trimmed = given.trim();
  const prefix = rules.stripPrefixes.find((text) => text !== "" && startsWith(trimmed, text));
  const stripped = prefix === undefined ? trimmed : trimmed.slice(prefix.length);
  const modelId = aliasOf(rules.aliases, stripped) ?? stripped;
  if (modelId === "" || modelId.includes("/")) return modelId;
  const rule = rules.prefixWhenBareAfterAliasStartsWith.find(({ modelPrefix }) =>
    startsWith(modelId, modelPrefix),
  );
  const vendor = rule?.prefix ?? rules.prefixWhenBare;
  return vendor ? `${vendor.replace(/\/+$/, "")}/${modelId}` : modelId;
}

/** Models without a provider that one plugin answers for. */
export interface NamedModels {
  readonly provider: string;
  readonly support: ManifestModelSupport;
}

/**
 * The provider a bare model name belongs to (spec 1.10 `modelSupport`). A pattern says more than a prefix;
 * `undefined` when nobody claims the name, or several do.
 */
export function providerOfModelName(claims: readonly NamedModels[], name: string): string | undefined {
  const only = (match: (support: ManifestModelSupport) => boolean) => [
    ...new Set(claims.filter(({ support }) => match(support)).map(({ provider }) => provider)),
  ];
  const byPattern = only(({ modelPatterns }) => modelPatterns.some((pattern) => matches(pattern, name)));
  const found =
    byPattern.length > 0
      ? byPattern
      : only(({ modelPrefixes }) => modelPrefixes.some((prefix) => prefix !== "" && name.startsWith(prefix)));
  return found.length === 1 ? found[0] : undefined;
}

function matches(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern).test(name);
  } catch {
    return false;
  }
}

function aliasOf(aliases: Readonly<Record<string, string>>, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return Object.entries(aliases).find(([alias]) => alias.toLowerCase() === wanted)?.[1];
}

function startsWith(text: string, prefix: string): boolean {
  return text.toLowerCase().startsWith(prefix.toLowerCase());
}
