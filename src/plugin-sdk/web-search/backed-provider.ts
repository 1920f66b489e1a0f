import type { ChannelConfig } from "../../contracts/channel.ts";
import { readProviderEnvValue } from "../secrets/secret-input.ts";
import type { UnknownRecord } from "../values/records.ts";
import { createWebSearchProviderContractFields } from "./contract-fields.ts";
import {
  buildSearchCacheKey,
  MAX_SEARCH_COUNT,
  readCachedSearchPayload,
  readConfiguredSecretString,
  resolveSearchCacheTtlMs,
  resolveSearchCount,
  resolveSearchTimeoutSeconds,
  writeCachedSearchPayload,
} from "./search-calls.ts";

/** What a search is told. */
export interface BackedSearchCall {
  query: string;
  /** 1 to {@link MAX_SEARCH_COUNT}. */
  count: number;
  /** All arguments of the model. */
  args: UnknownRecord;
  /** `undefined` only for providers that need none. */
  apiKey: string | undefined;
  timeoutSeconds: number;
  config: ChannelConfig | undefined;
  searchConfig: UnknownRecord | undefined;
  signal?: AbortSignal;
}

interface ToolContext {
  config?: ChannelConfig;
  searchConfig?: UnknownRecord;
}

export interface BackedSearchOptions {
  id: string;
  /** The plugin whose settings hold the key. Default: the provider's id. */
  pluginId?: string;
  label?: string;
  hint?: string;
  /** Environment variables that may hold the key. Default: `<ID>_API_KEY`. */
  envVars?: string[];
  placeholder?: string;
  signupUrl?: string;
  requiresCredential?: boolean;
  description?: string;
  parameters?: object;
  /** The search itself. What it returns goes to the model and is kept for a while. */
  search?(call: BackedSearchCall): Promise<UnknownRecord> | UnknownRecord;
  /** A tool of one's own, instead of `search`. */
  createTool?(context: ToolContext): unknown;
  /** Any other member of a web search provider takes the place of what is made here. */
  [member: string]: unknown;
}

/**
 * A web search provider whose key lies with its plugin (`plugins.entries.<pluginId>.config.webSearch.apiKey`,
 * `tools.web.search.<id>.apiKey` or the environment): everything `registerWebSearchProvider` wants, from an id
 * and a search (spec 3.3.8). A missing key is an answer for the model that says where to put it.
 *
 * @example
 * api.registerWebSearchProvider(createPluginBackedWebSearchProvider({
 *   id: "example", async search({ query, apiKey }) { return { results: await find(query, apiKey) }; },
 * }));
 * @throws without an id, or with neither `search` nor `createTool`
 */
export function createPluginBackedWebSearchProvider(options: BackedSearchOptions) {
  const { id, pluginId = id, search, description, parameters, ...members } = options;
  if (typeof id !== "string" || id.trim() === "") throw new Error("a web search provider needs an id");
  if (!search && !options.createTool) {
    throw new Error(`web search provider "${id}": give search(call), or createTool(context)`);
  }
  const credentialPath = `plugins.entries.${pluginId}.config.webSearch.apiKey`;
  const label = options.label ?? id;
  const provider = {
    id,
    label,
    hint: `Web search by ${label}`,
    envVars: [`${id.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}_API_KEY`],
    placeholder: "key",
    signupUrl: "",
    requiresCredential: true,
    credentialPath,
    ...createWebSearchProviderContractFields({
      credentialPath,
      searchCredential: { type: "scoped", scopeId: id },
      configuredCredential: { pluginId },
      selectionPluginId: pluginId,
    }),
    createTool: (context: ToolContext) => ({
      description: description ?? `Searches the web with ${label}.`,
      parameters: parameters ?? DEFAULT_PARAMETERS,
      execute: (args: UnknownRecord, call?: { signal?: AbortSignal }) => execute(args, context, call?.signal),
    }),
    ...members,
  };

  async function execute(args: UnknownRecord, context: ToolContext, signal?: AbortSignal) {
    const { config, searchConfig } = context;
    const query = typeof args["query"] === "string" ? args["query"].trim() : "";
    if (query === "") return { error: "missing_query", message: "query must be a text that is not empty." };
    const apiKey = keyOf(config, searchConfig);
    if (!apiKey && provider.requiresCredential !== false) {
      const environment =
        provider.envVars.length > 0 ? ` or ${provider.envVars.join(" or ")} in the environment` : "";
      return {
        error: `missing_${id}_api_key`,
        message: `${label} needs a key: set ${credentialPath}${environment}.`,
      };
    }
    const count = resolveSearchCount(args["count"] ?? searchConfig?.["maxResults"]);
    const key = buildSearchCacheKey([id, JSON.stringify({ ...args, query, count })]);
    const cached = readCachedSearchPayload(key, resolveSearchCacheTtlMs(searchConfig));
    if (cached) return cached;
    const payload = await (search as NonNullable<typeof search>)({
      query,
      count,
      args,
      apiKey,
      timeoutSeconds: resolveSearchTimeoutSeconds(searchConfig),
      config,
      searchConfig,
      ...(signal === undefined ? {} : { signal }),
    });
    if (payload["error"] === undefined) {
      writeCachedSearchPayload(key, payload, resolveSearchCacheTtlMs(searchConfig));
    }
    return payload;
  }

  function keyOf(config: ChannelConfig | undefined, searchConfig: UnknownRecord | undefined) {
    return (
      readConfiguredSecretString(provider.getConfiguredCredentialValue?.(config), credentialPath) ??
      readConfiguredSecretString(
        provider.getCredentialValue(searchConfig),
        `tools.web.search.${id}.apiKey`,
      ) ??
      readProviderEnvValue(provider.envVars)
    );
  }

  return provider;
}

const DEFAULT_PARAMETERS = {
  type: "object",
  properties: {
    query: { type: "string", description: "What to search for." },
    count: { type: "integer", minimum: 1, maximum: MAX_SEARCH_COUNT, description: "How many results." },
  },
  required: ["query"],
};
