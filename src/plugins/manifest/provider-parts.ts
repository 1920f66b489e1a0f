import type {
  ManifestModelIdNormalization,
  ManifestProviderEndpoint,
  ManifestProviderMetadata,
  ManifestProviderRequest,
  ManifestSecretIntegration,
} from "../../contracts/provider-metadata.ts";
import { readAuthChoice } from "./auth-choice.ts";
import {
  byKey,
  choice,
  defined,
  filled,
  flag,
  isPlain,
  items,
  type Plain,
  plain,
  positive,
  text,
  texts,
} from "./fields.ts";
import { innerPath, type Warn } from "./inner-path.ts";
import { readModelCatalog } from "./model-catalog.ts";
import { isSafePattern } from "./safe-pattern.ts";

/** The part of a manifest that is about models and keys (spec 1.10, 1.11). What is malformed is dropped. */
export function readProviderMetadata(manifest: Plain, warn: Warn): ManifestProviderMetadata {
  const support = manifest["modelSupport"];
  return {
    ...defined({
      providerCatalogEntry: innerPath(manifest["providerCatalogEntry"], "providerCatalogEntry", warn),
      capabilityCatalogEntry: innerPath(manifest["capabilityCatalogEntry"], "capabilityCatalogEntry", warn),
      modelSupport: isPlain(support)
        ? {
            modelPrefixes: texts(support["modelPrefixes"]),
            modelPatterns: texts(support["modelPatterns"]).filter(isSafePattern),
          }
        : undefined,
      modelCatalog: readModelCatalog(manifest["modelCatalog"]),
      modelPricing: isPlain(manifest["modelPricing"])
        ? byKey(providersOf(manifest["modelPricing"]), plain)
        : undefined,
    }),
    modelIdNormalization: byKey(providersOf(manifest["modelIdNormalization"]), readModelIds),
    providerEndpoints: items(manifest["providerEndpoints"], readEndpoint),
    providerRequest: byKey(providersOf(manifest["providerRequest"]), readRequest),
    syntheticAuthRefs: texts(manifest["syntheticAuthRefs"]),
    nonSecretAuthMarkers: texts(manifest["nonSecretAuthMarkers"]),
    providerUsageAuthEnvVars: byKey(manifest["providerUsageAuthEnvVars"], (item) => filled(texts(item))),
    providerAuthAliases: byKey(manifest["providerAuthAliases"], readAuthAlias),
    providerAuthChoices: items(manifest["providerAuthChoices"], readAuthChoice),
    secretProviderIntegrations: byKey(manifest["secretProviderIntegrations"], (item) =>
      readSecretIntegration(item, warn),
    ),
  };
}

/** Such maps are written below `providers`, or as they are. */
function providersOf(value: unknown): unknown {
  return isPlain(value) && isPlain(value["providers"]) ? value["providers"] : value;
}

function readModelIds(item: unknown): ManifestModelIdNormalization | undefined {
  if (!isPlain(item)) return undefined;
  return {
    aliases: byKey(item["aliases"], text),
    stripPrefixes: texts(item["stripPrefixes"]),
    ...defined({ prefixWhenBare: text(item["prefixWhenBare"]) }),
    prefixWhenBareAfterAliasStartsWith: items(item["prefixWhenBareAfterAliasStartsWith"], (rule) => {
      const modelPrefix = text(rule["modelPrefix"]);
      const prefix = text(rule["prefix"]);
      return modelPrefix === undefined || prefix === undefined ? undefined : { modelPrefix, prefix };
    }),
  };
}

function readEndpoint(item: Plain): ManifestProviderEndpoint | undefined {
  const endpointClass = text(item["endpointClass"]);
  if (endpointClass === undefined) return undefined;
  return {
    endpointClass,
    ...defined({
      hosts: filled(texts(item["hosts"])),
      hostSuffixes: filled(texts(item["hostSuffixes"])),
      baseUrls: filled(texts(item["baseUrls"])),
      googleVertexRegion: text(item["googleVertexRegion"]),
      googleVertexRegionHostSuffix: text(item["googleVertexRegionHostSuffix"]),
    }),
  };
}

function readRequest(item: unknown): ManifestProviderRequest | undefined {
  if (!isPlain(item)) return undefined;
  const completions = item["openAICompletions"];
  return defined({
    family: text(item["family"]),
    compatibilityFamily: choice(item["compatibilityFamily"], ["moonshot"]),
    openAICompletions: isPlain(completions)
      ? defined({ supportsStreamingUsage: flag(completions["supportsStreamingUsage"]) })
      : undefined,
  });
}

function readAuthAlias(item: unknown): { provider: string; baseUrls?: readonly string[] } | undefined {
  const direct = text(item);
  if (direct !== undefined) return { provider: direct };
  if (!isPlain(item)) return undefined;
  const provider = text(item["provider"]);
  const baseUrls = filled(texts(item["baseUrls"]));
  // An alias for some addresses must not become one for all because they cannot be read.
  return provider === undefined || baseUrls === undefined ? undefined : { provider, baseUrls };
}

function readSecretIntegration(item: unknown, warn: Warn): ManifestSecretIntegration | undefined {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how manifests write it.
  const command = "${node}";
  if (!isPlain(item) || item["source"] !== "exec" || item["command"] !== command) return undefined;
  const { args } = item;
  if (!Array.isArray(args) || !args.every((arg): arg is string => typeof arg === "string")) return undefined;
  const [first = "", ...others] = args;
  const script = innerPath(first, "secretProviderIntegrations.args", warn);
  if (!script?.startsWith("./")) return undefined;
  return {
    source: "exec",
    command,
    args: [script, ...others],
    ...defined({
      providerAlias: text(item["providerAlias"]),
      displayName: text(item["displayName"]),
      timeoutMs: positive(item["timeoutMs"]),
      noOutputTimeoutMs: positive(item["noOutputTimeoutMs"]),
      maxOutputBytes: positive(item["maxOutputBytes"]),
      jsonOnly: flag(item["jsonOnly"]),
      env: isPlain(item["env"])
        ? byKey(item["env"], (word) => (typeof word === "string" ? word : undefined))
        : undefined,
      passEnv: filled(texts(item["passEnv"])),
    }),
  };
}
