import type { ModelDefinition } from "../../contracts/model-stream.ts";
import type {
  ProviderCatalog,
  ProviderCatalogContext,
  ProviderConfig,
  ProviderPlugin,
} from "../../contracts/provider.ts";
import type { Clock } from "../../kernel/clock.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { RegistryEntry } from "../../plugins/types.ts";
import type { SluiceConfig } from "../config/types.ts";
import type { ManifestFacts } from "./manifest-facts.ts";
import { normalizeProviderId } from "./model-ref.ts";
import type { ProviderKeys } from "./provider-keys.ts";

/** How long one provider's catalogue may take. */
export const CATALOGUE_TIMEOUT_MS = 15_000;
/** Limits of a model that states none (spec 2.4). */
export const DEFAULT_CONTEXT_WINDOW = 128_000;
export const DEFAULT_MAX_TOKENS = 8_192;

const CATALOGUE_ORDER = ["simple", "profile", "paired", "late"];

/** What is known about a provider: from its catalogue, with the user's config on top. */
export interface CatalogueProvider {
  id: string;
  config: ProviderConfig;
  /** Named in `models.providers`. */
  configured: boolean;
  /** Another name of this provider; listed only where users configured it. */
  aliasOf?: string;
}

export type Catalogue = ReadonlyMap<string, CatalogueProvider>;

export interface CatalogueInput {
  providers: readonly RegistryEntry<ProviderPlugin>[];
  config: SluiceConfig;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  logger: Logger;
  keys: ProviderKeys;
  /** What manifests tell; it stands until a provider answers for itself. */
  facts: ManifestFacts;
}

/** The user's rows of `models.providers`. */
export function configuredProviders(config: SluiceConfig): Record<string, ProviderConfig> {
  const rows = config.models?.["providers"];
  return isRecord(rows) ? (rows as Record<string, ProviderConfig>) : {};
}

/** Asks every provider for its models. One that throws or is slow is logged; the others go on. */
export async function buildCatalogue(input: CatalogueInput): Promise<Catalogue> {
  const rows = configuredProviders(input.config);
  const answers = await Promise.all(input.providers.map((entry) => askCatalogue(entry, input)));
  const catalogue = new Map<string, CatalogueProvider>();
  const { providers, aliases } = input.facts;
  for (const [id, config] of providers) catalogue.set(id, { id, config, configured: false });
  const sorted = answers.flat().sort((a, b) => a.rank - b.rank);
  for (const { id, config } of sorted) {
    catalogue.set(id, { id, config: { ...providers.get(id), ...config }, configured: false });
  }
  for (const [id, { provider, ...own }] of aliases) {
    const known = catalogue.get(provider)?.config;
    if (!known || catalogue.has(id)) continue;
    catalogue.set(id, { id, config: { ...known, ...own }, configured: false, aliasOf: provider });
  }
  if (input.config.models?.["mode"] === "replace") catalogue.clear();
  for (const [rawId, row] of Object.entries(rows)) {
    const id = normalizeProviderId(rawId);
    const known = catalogue.get(id)?.config;
    const stated = normalized(id, row, input);
    const models = stated.models && stated.models.length > 0 ? stated.models : known?.models;
    catalogue.set(id, {
      id,
      config: { ...known, ...stated, ...(models ? { models } : {}) },
      configured: true,
    });
  }
  return catalogue;
}

/** The user's row as the provider completes it. */
function normalized(id: string, row: ProviderConfig, input: CatalogueInput): ProviderConfig {
  const owner = input.providers.find(
    ({ value }) => normalizeProviderId(value.id) === id || value.aliases?.includes(id),
  );
  try {
    const given = { provider: id, providerConfig: row, config: input.config };
    return owner?.value.normalizeConfig?.(given) ?? row;
  } catch (error) {
    complain(owner as RegistryEntry<ProviderPlugin>, input, error);
    return row;
  }
}

function complain(entry: RegistryEntry<ProviderPlugin>, input: CatalogueInput, error: unknown): void {
  input.logger.warn("a provider's model catalogue failed", {
    provider: entry.value.id,
    plugin: entry.pluginId,
    error: errorMessage(error),
  });
}

/** The live catalogue; where it has nothing (no key, no network), the one that is known beforehand. */
async function askCatalogue(
  entry: RegistryEntry<ProviderPlugin>,
  input: CatalogueInput,
): Promise<{ id: string; config: ProviderConfig; rank: number }[]> {
  const { catalog, staticCatalog } = entry.value;
  for (const source of [catalog, staticCatalog]) {
    const found = source && (await askOne(entry, source, input));
    if (found) return found;
  }
  return [];
}

async function askOne(
  entry: RegistryEntry<ProviderPlugin>,
  catalog: ProviderCatalog,
  input: CatalogueInput,
): Promise<{ id: string; config: ProviderConfig; rank: number }[] | undefined> {
  const plugin = entry.value;
  try {
    const asked = Promise.resolve(catalog.run(catalogContext(plugin, input)));
    const answer = await withDeadline(
      asked,
      CATALOGUE_TIMEOUT_MS,
      `the model catalogue of ${plugin.id}`,
      input.clock,
    );
    if (!answer) return undefined;
    const found = "providers" in answer ? answer.providers : { [plugin.id]: answer.provider };
    const rank = CATALOGUE_ORDER.indexOf(catalog.order ?? "simple");
    return Object.entries(found).map(([id, config]) => ({ id: normalizeProviderId(id), config, rank }));
  } catch (error) {
    complain(entry, input, error);
    return undefined;
  }
}

/** What `catalog.run` and `suggestDefaultModel` are given. */
export function catalogContext(
  plugin: ProviderPlugin,
  input: Pick<CatalogueInput, "config" | "env" | "keys">,
): ProviderCatalogContext {
  const keyOf = (id?: string) => input.keys.find(id ?? plugin.id);
  return {
    config: input.config,
    env: input.env,
    resolveProviderApiKey: keyOf,
    resolveProviderAuth: keyOf,
  };
}

/** A catalogue row as a full model definition. */
export function completeModel(
  provider: string,
  row: Partial<ModelDefinition> & { id: string },
  config: ProviderConfig | undefined,
): ModelDefinition {
  return {
    ...row,
    id: row.id,
    name: row.name ?? row.id,
    provider,
    api: row.api ?? config?.api ?? "openai-completions",
    ...(row.baseUrl || config?.baseUrl ? { baseUrl: row.baseUrl ?? config?.baseUrl ?? "" } : {}),
    reasoning: row.reasoning ?? false,
    input: row.input ?? ["text"],
    contextWindow: row.contextWindow ?? DEFAULT_CONTEXT_WINDOW,
    maxTokens: row.maxTokens ?? DEFAULT_MAX_TOKENS,
    cost: row.cost ?? { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
    ...(config?.compat || row.compat ? { compat: { ...config?.compat, ...row.compat } } : {}),
    ...headersOf(row, config),
  };
}

function headersOf(row: Partial<ModelDefinition>, config: ProviderConfig | undefined) {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...config?.headers, ...row.headers })) {
    if (typeof value === "string") headers[name] = value;
  }
  return Object.keys(headers).length > 0 ? { headers } : {};
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
