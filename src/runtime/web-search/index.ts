import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import type { ActivatePlugins, RegistryEntry, RegistryReader } from "../../plugins/types.ts";
import { inOrder, providerNamed, sectionAt, textAt } from "../provider-choice.ts";

type Config = Readonly<Record<string, unknown>>;

export type WebSearchErrorCode = "WEB_SEARCH_UNAVAILABLE" | "PROVIDER_UNKNOWN" | "WEB_SEARCH_FAILED";

/** The members of a web search provider that the host calls (spec 2.9). */
export interface WebSearchProviderMembers {
  id: string;
  label: string;
  hint: string;
  envVars: string[];
  autoDetectOrder?: number;
  requiresCredential?: boolean;
  getCredentialValue(section: Config): unknown;
  getConfiguredCredentialValue?(config: Config): unknown;
  createTool(context: { config: Config; searchConfig: Config }): {
    description: string;
    parameters: object;
    execute(
      args: Record<string, unknown>,
      context?: { signal?: AbortSignal },
    ): Promise<Record<string, unknown>>;
  } | null;
}

export interface WebSearchParams {
  config?: Config;
  /** The same as `config`. */
  cfg?: Config;
  args: Record<string, unknown> & { query: string; count?: number };
  providerId?: string;
  signal?: AbortSignal;
}

/** `api.runtime.webSearch` (spec 4.10). */
export interface PluginRuntimeWebSearch {
  /** In the order in which they would be detected. */
  listProviders(params?: { config?: Config; cfg?: Config }): readonly WebSearchProviderMembers[];
  /** @throws SluiceError with a {@link WebSearchErrorCode} */
  search(params: WebSearchParams): Promise<{ provider: string; result: Record<string, unknown> }>;
}

export interface WebSearchRooms {
  registry: RegistryReader;
  config: { current(): { config: Config } };
  env: Readonly<Record<string, string | undefined>>;
  /** Providers may wait for their first use; without it all of them are there. */
  activate?: ActivatePlugins;
}

/**
 * The host chooses among web search providers (spec 2.10). A named provider is the only one that is asked;
 * without a name those with a credential come first, by `autoDetectOrder`, and the next is asked when one
 * fails.
 */
export function webSearchNamespace(rooms: WebSearchRooms): PluginRuntimeWebSearch {
  const listed = () =>
    inOrder(
      rooms.registry.current().list<WebSearchProviderMembers>("webSearchProvider"),
      (value) => value.autoDetectOrder,
    );
  return {
    listProviders: () => listed().map(({ value }) => value),
    async search({ config, cfg, args, providerId, signal }) {
      await rooms.activate?.({ kind: "contract", contract: "webSearchProviders" });
      const settings = config ?? cfg ?? rooms.config.current().config;
      const searchConfig = sectionAt(settings, "tools", "web", "search");
      if (searchConfig["enabled"] === false) throw unavailable();
      const named = providerId ?? textAt(searchConfig, "provider");
      const candidates = named === undefined ? detected(listed(), settings, searchConfig, rooms.env) : [];
      if (named !== undefined) {
        const entry = providerNamed(listed(), named);
        if (!entry) throw unknown(named);
        candidates.push(entry);
      }
      const failures: string[] = [];
      for (const { value } of candidates) {
        try {
          const tool = value.createTool({ config: settings, searchConfig });
          if (!tool) continue;
          const result = await tool.execute(args, signal === undefined ? {} : { signal });
          return { provider: value.id, result };
        } catch (error) {
          if (signal?.aborted) throw error;
          failures.push(`${value.id}: ${errorMessage(error)}`);
        }
      }
      if (failures.length === 0) throw unavailable();
      throw new SluiceError<WebSearchErrorCode>(
        "WEB_SEARCH_FAILED",
        `the web search failed (${failures.join("; ")})`,
        {
          retryable: true,
        },
      );
    },
  };
}

type Entry = RegistryEntry<WebSearchProviderMembers>;

/** Those with a credential, then those that need none. */
function detected(
  entries: readonly Entry[],
  config: Config,
  searchConfig: Config,
  env: WebSearchRooms["env"],
): Entry[] {
  const hasCredential = ({ value }: Entry) =>
    isGiven(value.getConfiguredCredentialValue?.(config)) ||
    isGiven(value.getCredentialValue(searchConfig)) ||
    value.envVars.some((name) => isGiven(env[name]));
  const ready = entries.filter(hasCredential);
  const free = entries.filter((entry) => entry.value.requiresCredential === false && !ready.includes(entry));
  return [...ready, ...free];
}

function isGiven(value: unknown): boolean {
  return typeof value === "string" ? value.trim() !== "" : value !== undefined && value !== null;
}

function unavailable(): SluiceError<WebSearchErrorCode> {
  return new SluiceError("WEB_SEARCH_UNAVAILABLE", "web_search is disabled or no provider is available.");
}

function unknown(id: string): SluiceError<WebSearchErrorCode> {
  return new SluiceError(
    "PROVIDER_UNKNOWN",
    `no plugin registers the web search provider "${id}"; enable its plugin or change tools.web.search.provider`,
    { details: { provider: id } },
  );
}
