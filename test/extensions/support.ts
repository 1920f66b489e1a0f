import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { AssistantMessage } from "../../src/contracts/messages.ts";
import type {
  AssistantMessageEvent,
  ModelContext,
  ModelDefinition,
  StreamFn,
  StreamOptions,
} from "../../src/contracts/model-stream.ts";
import type { PluginApi } from "../../src/contracts/plugin-api.ts";
import type { ProviderCatalogContext, ProviderPlugin } from "../../src/contracts/provider.ts";

/** Runs a plugin's `register` and gives the providers it registered. */
export function providersOf(
  plugin: { register(api: PluginApi): void },
  pluginConfig: Record<string, unknown> = {},
): Record<string, ProviderPlugin> {
  const providers: Record<string, ProviderPlugin> = {};
  plugin.register({
    pluginConfig,
    registerProvider: (provider: ProviderPlugin) => {
      providers[provider.id] = provider;
    },
    registerRealtimeTranscriptionProvider() {},
    registerRealtimeVoiceProvider() {},
  } as unknown as PluginApi);
  return providers;
}

export function catalogContext(
  config: Record<string, unknown> = {},
  env: Record<string, string> = {},
): ProviderCatalogContext {
  const key = () => ({ source: "none" as const });
  return { config, env, resolveProviderApiKey: key, resolveProviderAuth: key };
}

/** Reads a stream to its end. */
export async function collect(
  stream: StreamFn,
  model: ModelDefinition,
  context: ModelContext,
  options?: StreamOptions,
): Promise<{ events: AssistantMessageEvent[]; message: AssistantMessage }> {
  const events: AssistantMessageEvent[] = [];
  const opened = await stream(model, context, options);
  for await (const event of opened) events.push(event);
  return { events, message: await opened.result() };
}

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A real HTTP server on a free loopback port. */
export async function serve(handler: Handler): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => handler(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
