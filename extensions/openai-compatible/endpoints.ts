import type { ProviderCatalogContext, ProviderConfig } from "sluice/plugin-sdk/model-stream";

export const OPENAI_BASE_URL = "https://api.openai.com/v1";
export const OLLAMA_BASE_URL = "http://127.0.0.1:11434";
/** The transport this plugin speaks. */
export const COMPLETIONS_API = "openai-completions";

/** `plugins.entries.openai-compatible.config`. */
export interface PluginSettings {
  baseUrl?: string;
  apiKey?: string;
  defaultModel?: string;
  detectOllama?: boolean;
  ollamaBaseUrl?: string;
}

export interface Endpoint {
  baseUrl: string;
  apiKey?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The endpoint of provider `openai`; `undefined` when nothing says that one should be used. */
export function openaiEndpoint(
  settings: PluginSettings,
  row: ProviderConfig | undefined,
  env: Env,
): Endpoint | undefined {
  const apiKey = textOf(row?.apiKey) ?? textOf(settings.apiKey) ?? textOf(env["OPENAI_API_KEY"]);
  const baseUrl = textOf(row?.baseUrl) ?? textOf(settings.baseUrl) ?? textOf(env["OPENAI_BASE_URL"]);
  if (!apiKey && !baseUrl) return undefined;
  return { baseUrl: trimSlash(baseUrl ?? OPENAI_BASE_URL), ...(apiKey ? { apiKey } : {}) };
}

/** Where Ollama would be: its own address, without the `/v1` of the compatible interface. */
export function ollamaAddress(settings: PluginSettings, row: ProviderConfig | undefined, env: Env): string {
  const raw =
    textOf(row?.baseUrl) ?? textOf(settings.ollamaBaseUrl) ?? textOf(env["OLLAMA_HOST"]) ?? OLLAMA_BASE_URL;
  const url = /^https?:\/\//.test(raw) ? raw : `http://${raw}`;
  return trimSlash(url).replace(/\/v1$/, "").replace("//0.0.0.0", "//127.0.0.1");
}

/** Rows of `models.providers` that this plugin serves besides its own ids. */
export function configuredRows(context: ProviderCatalogContext): [string, ProviderConfig][] {
  const models = context.config["models"] as { providers?: Record<string, ProviderConfig> } | undefined;
  return Object.entries(models?.providers ?? {}).filter(
    ([, row]) => textOf(row.baseUrl) !== undefined && (row.api ?? COMPLETIONS_API) === COMPLETIONS_API,
  );
}

export function providerRow(context: ProviderCatalogContext, id: string): ProviderConfig | undefined {
  const models = context.config["models"] as { providers?: Record<string, ProviderConfig> } | undefined;
  return models?.providers?.[id];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function trimSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
