import type {
  ManifestCatalogProvider,
  ManifestModelCatalog,
  ManifestModelCost,
  ManifestModelRow,
  ManifestModelSuppression,
} from "../../contracts/provider-metadata.ts";
import {
  byKey,
  choice,
  defined,
  filled,
  flag,
  headers,
  isPlain,
  items,
  type Plain,
  plain,
  positive,
  text,
  texts,
} from "./fields.ts";

/** The cold catalogue of models (spec 1.10); undefined without one. */
export function readModelCatalog(value: unknown): ManifestModelCatalog | undefined {
  if (!isPlain(value)) return undefined;
  return {
    modelsDev: byKey(value["modelsDev"], text),
    providers: byKey(value["providers"], readProvider),
    aliases: byKey(value["aliases"], (item) => {
      const provider = isPlain(item) ? text(item["provider"]) : undefined;
      if (!isPlain(item) || provider === undefined) return undefined;
      return { provider, ...defined({ api: text(item["api"]), baseUrl: text(item["baseUrl"]) }) };
    }),
    suppressions: items(value["suppressions"], readSuppression),
    discovery: byKey(value["discovery"], (item) => choice(item, ["static", "refreshable", "runtime"])),
    ...defined({ runtimeAugment: flag(value["runtimeAugment"]) }),
  };
}

function readProvider(value: unknown): ManifestCatalogProvider | undefined {
  if (!isPlain(value)) return undefined;
  return {
    ...defined({
      baseUrl: text(value["baseUrl"]),
      api: text(value["api"]),
      headers: headers(value["headers"]),
      defaultModel: text(value["defaultModel"]),
      defaultUtilityModel: text(value["defaultUtilityModel"]),
    }),
    models: items(value["models"], readModel),
  };
}

function readModel(item: Plain): ManifestModelRow | undefined {
  const id = text(item["id"]);
  if (id === undefined) return undefined;
  return {
    id,
    ...defined({
      name: text(item["name"]),
      api: text(item["api"]),
      baseUrl: text(item["baseUrl"]),
      headers: headers(item["headers"]),
      input: filled(texts(item["input"]).filter((kind) => kind === "text" || kind === "image")),
      reasoning: flag(item["reasoning"]),
      contextWindow: positive(item["contextWindow"]),
      contextWindows: readWindows(item["contextWindows"]),
      contextWindowDefault: positive(item["contextWindowDefault"]),
      contextTokens: positive(item["contextTokens"]),
      maxTokens: positive(item["maxTokens"]),
      thinkingLevelMap: isPlain(item["thinkingLevelMap"])
        ? byKey(item["thinkingLevelMap"], (level) => (level === null ? null : text(level)))
        : undefined,
      cost: readCost(item["cost"]),
      compat: plain(item["compat"]),
      upstreamModel: text(item["upstreamModel"]),
      mediaInput: plain(item["mediaInput"]),
      status: choice(item["status"], ["available", "preview", "deprecated", "disabled"]),
      statusReason: text(item["statusReason"]),
      replaces: filled(texts(item["replaces"])),
      replacedBy: text(item["replacedBy"]),
      tags: filled(texts(item["tags"])),
    }),
  };
}

function readWindows(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return filled(value.filter((item): item is number => positive(item) !== undefined));
}

function readCost(value: unknown): ManifestModelCost | undefined {
  const prices = readPrices(value);
  if (prices === undefined || !isPlain(value)) return undefined;
  const tiers = items(value["tieredPricing"], (item) => {
    const tier = readPrices(item);
    const { range } = item;
    const valid =
      Array.isArray(range) &&
      range.length > 0 &&
      range.length <= 2 &&
      range.every((end) => amount(end) !== undefined);
    return tier && valid ? { ...tier, range: range as readonly number[] } : undefined;
  });
  return { ...prices, ...defined({ tieredPricing: filled(tiers) }) };
}

function readPrices(value: unknown) {
  if (!isPlain(value)) return undefined;
  const input = amount(value["input"]);
  const output = amount(value["output"]);
  if (input === undefined || output === undefined) return undefined;
  return {
    input,
    output,
    cacheRead: amount(value["cacheRead"]) ?? 0,
    cacheWrite: amount(value["cacheWrite"]) ?? 0,
  };
}

function amount(value: unknown): number | undefined {
  return value === 0 ? 0 : positive(value);
}

function readSuppression(item: Plain): ManifestModelSuppression | undefined {
  const provider = text(item["provider"]);
  const model = text(item["model"]);
  if (provider === undefined || model === undefined) return undefined;
  const replacedBy = isPlain(item["retirement"]) ? text(item["retirement"]["replacedBy"]) : undefined;
  const when = isPlain(item["when"]) ? item["when"] : undefined;
  return {
    provider,
    model,
    ...defined({
      reason: text(item["reason"]),
      retirement: replacedBy === undefined ? undefined : { replacedBy },
      when: when
        ? defined({
            baseUrlHosts: filled(texts(when["baseUrlHosts"])),
            providerConfigApiIn: filled(texts(when["providerConfigApiIn"])),
          })
        : undefined,
    }),
  };
}
