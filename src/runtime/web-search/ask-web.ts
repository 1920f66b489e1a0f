import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import type { ActivatePlugins, RegistryEntry, RegistryReader } from "../../plugins/types.ts";
import { inOrder, providerNamed, sectionAt, textAt } from "../provider-choice.ts";
import { WEB_SEARCH, type WebCapability } from "./web-capability.ts";

type Config = Readonly<Record<string, unknown>>;

export type WebSearchErrorCode = "WEB_SEARCH_UNAVAILABLE" | "PROVIDER_UNKNOWN" | "WEB_SEARCH_FAILED";
export type WebFetchErrorCode = "WEB_FETCH_UNAVAILABLE" | "PROVIDER_UNKNOWN" | "WEB_FETCH_FAILED";

/** The members of a web search or web fetch provider that the host calls (spec 2.9). */
export interface WebSearchProviderMembers {
  id: string;
  label: string;
  hint: string;
  envVars: string[];
  credentialPath?: string;
  autoDetectOrder?: number;
  requiresCredential?: boolean;
  getCredentialValue(section: Config): unknown;
  getConfiguredCredentialValue?(config: Config): unknown;
  resolveRuntimeMetadata?(context: {
    config: Config;
    searchConfig?: Config;
    fetchConfig?: Config;
    runtimeMetadata: object;
    resolvedCredential: SearchCredential;
  }): Promise<object | undefined> | object | undefined;
  createTool(context: {
    config: Config;
    searchConfig?: Config;
    fetchConfig?: Config;
    runtimeMetadata?: object;
  }): WebSearchTool | null;
}

export interface WebSearchTool {
  description: string;
  parameters: object;
  execute(
    args: Record<string, unknown>,
    context?: { signal?: AbortSignal },
  ): Promise<Record<string, unknown>>;
}

/** Where a provider's key comes from. */
interface SearchCredential {
  value?: string;
  source: "config" | "env" | "missing";
  fallbackEnvVar?: string;
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
  return {
    listProviders: () => entriesOf(rooms, WEB_SEARCH).map(({ value }) => value),
    search: (params) => askWeb(rooms, WEB_SEARCH, params),
  };
}

/**
 * Asks the providers of a capability as {@link webSearchNamespace} says.
 *
 * @throws SluiceError with a {@link WebSearchErrorCode} or {@link WebFetchErrorCode}
 */
export async function askWeb(
  rooms: WebSearchRooms,
  capability: WebCapability,
  {
    config,
    cfg,
    args,
    providerId,
    signal,
  }: Omit<WebSearchParams, "args"> & { args: Record<string, unknown> },
): Promise<{ provider: string; result: Record<string, unknown> }> {
  await rooms.activate?.({ kind: "contract", contract: capability.contract });
  const settings = config ?? cfg ?? rooms.config.current().config;
  const section = sectionAt(settings, "tools", "web", capability.section);
  const failures: string[] = [];
  for (const { value } of candidatesFor(rooms, capability, settings, providerId)) {
    try {
      const told = { config: settings, [capability.sectionKey]: section };
      const runtimeMetadata = await metadataOf(rooms, value, told, section);
      const tool = value.createTool({ ...told, ...runtimeMetadata });
      if (!tool) continue;
      const result = await tool.execute(args, signal === undefined ? {} : { signal });
      return { provider: value.id, result };
    } catch (error) {
      if (signal?.aborted) throw error;
      failures.push(`${value.id}: ${errorMessage(error)}`);
    }
  }
  if (failures.length === 0) throw unavailable(capability);
  throw new SluiceError<WebSearchErrorCode | WebFetchErrorCode>(
    `WEB_${upper(capability)}_FAILED`,
    `the web ${capability.section} failed (${failures.join("; ")})`,
    { retryable: true },
  );
}

/**
 * Who is asked, in order: the named provider alone; else those with a credential, then those that need none;
 * else the first one, which says what it misses.
 *
 * @throws SluiceError `WEB_SEARCH_UNAVAILABLE`, `WEB_FETCH_UNAVAILABLE` or `PROVIDER_UNKNOWN`
 */
export function candidatesFor(
  rooms: WebSearchRooms,
  capability: WebCapability,
  config: Config,
  providerId?: string,
): readonly Entry[] {
  const section = sectionAt(config, "tools", "web", capability.section);
  if (section["enabled"] === false) throw unavailable(capability);
  const entries = entriesOf(rooms, capability);
  const named = providerId ?? textAt(section, "provider");
  if (named !== undefined) {
    const entry = providerNamed(entries, named);
    if (!entry) throw unknown(capability, named);
    return [entry];
  }
  const ready = detected(entries, config, section, rooms.env);
  return ready.length > 0 ? ready : entries.slice(0, 1);
}

function entriesOf({ registry }: WebSearchRooms, { kind }: WebCapability): readonly Entry[] {
  return inOrder(registry.current().list<WebSearchProviderMembers>(kind), (value) => value.autoDetectOrder);
}

function credentialOf(
  rooms: WebSearchRooms,
  value: WebSearchProviderMembers,
  config: Config,
  section: Config,
): SearchCredential {
  const configured = value.getConfiguredCredentialValue?.(config) ?? value.getCredentialValue(section);
  if (typeof configured === "string" && isGiven(configured)) return { value: configured, source: "config" };
  const name = value.envVars.find((variable) => isGiven(rooms.env[variable]));
  const key = name === undefined ? undefined : rooms.env[name];
  return name !== undefined && key !== undefined
    ? { value: key, source: "env", fallbackEnvVar: name }
    : { source: "missing" };
}

async function metadataOf(
  rooms: WebSearchRooms,
  value: WebSearchProviderMembers,
  told: { config: Config },
  section: Config,
): Promise<{ runtimeMetadata?: object }> {
  const found = await value.resolveRuntimeMetadata?.({
    ...told,
    runtimeMetadata: {},
    resolvedCredential: credentialOf(rooms, value, told.config, section),
  });
  return found ? { runtimeMetadata: found } : {};
}

type Entry = RegistryEntry<WebSearchProviderMembers>;

/** Those with a credential, then those that need none. */
function detected(
  entries: readonly Entry[],
  config: Config,
  section: Config,
  env: WebSearchRooms["env"],
): Entry[] {
  const hasCredential = ({ value }: Entry) =>
    isGiven(value.getConfiguredCredentialValue?.(config)) ||
    isGiven(value.getCredentialValue(section)) ||
    value.envVars.some((name) => isGiven(env[name]));
  const ready = entries.filter(hasCredential);
  const free = entries.filter((entry) => entry.value.requiresCredential === false && !ready.includes(entry));
  return [...ready, ...free];
}

function isGiven(value: unknown): boolean {
  return typeof value === "string" ? value.trim() !== "" : value !== undefined && value !== null;
}

function unavailable(capability: WebCapability): SluiceError<WebSearchErrorCode | WebFetchErrorCode> {
  return new SluiceError(
    `WEB_${upper(capability)}_UNAVAILABLE`,
    `${capability.tool} is disabled or no provider is available.`,
  );
}

function unknown({ section }: WebCapability, id: string): SluiceError<WebSearchErrorCode> {
  return new SluiceError(
    "PROVIDER_UNKNOWN",
    `no plugin registers the web ${section} provider "${id}"; enable its plugin or change tools.web.${section}.provider`,
    { details: { provider: id } },
  );
}

function upper({ section }: WebCapability): "SEARCH" | "FETCH" {
  return section === "search" ? "SEARCH" : "FETCH";
}
