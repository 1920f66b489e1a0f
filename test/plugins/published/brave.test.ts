import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { WireClient } from "../../gateway/support/wire-client.ts";
import { callsTool, says, scriptedModel } from "./support/completions-server.ts";
import { publishedPackages } from "./support/packages.ts";
import { chatTurn, publishedGateway } from "./support/published-gateway.ts";

const available = await publishedPackages();
const KEY = "BSA-of-this-test";

/** A search service of Brave's wire format. */
async function searchService() {
  const requests: { url: URL; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    requests.push({ url: new URL(request.url ?? "", "http://search"), headers: request.headers });
    const known = request.headers["x-subscription-token"] === KEY;
    response.writeHead(known ? 200 : 401, { "content-type": "application/json" });
    response.end(
      JSON.stringify(
        known
          ? {
              web: {
                results: [
                  {
                    title: "Sluice gates",
                    url: "https://water.example/gates",
                    description: "How gates work.",
                  },
                ],
              },
            }
          : { error: { detail: "The provided subscription token is invalid." } },
      ),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

async function agentWith(settings: { webSearch?: object; search?: object }) {
  const model = await scriptedModel([
    callsTool("web_search", { query: `sluice gates ${Math.random()}`, count: 3 }),
    says("Read this."),
  ]);
  const gateway = await publishedGateway({
    package: "@openclaw/brave-plugin",
    id: "brave",
    entry: settings.webSearch ? { config: { webSearch: settings.webSearch } } : {},
    config: { ...model.config, ...(settings.search ? { tools: { web: { search: settings.search } } } : {}) },
  });
  const client = await WireClient.open(gateway.url, { scopes: ["operator.read", "operator.write"] });
  return { model, client };
}

describe.skipIf(!available)("@openclaw/brave-plugin, unmodified, as the agent's web_search", () => {
  it("[F046] finds what the agent asks for, with the key and address of its own settings", async () => {
    const service = await searchService();
    const { model, client } = await agentWith({ webSearch: { apiKey: KEY, baseUrl: service.url } });
    expect(await chatTurn(client, "how do sluice gates work?")).toMatchObject({
      state: "final",
      message: { content: [{ type: "text", text: "Read this." }] },
    });
    const tool = model
      .asked()[0]
      ?.body.tools.find((one: { function: { name: string } }) => one.function.name === "web_search");
    expect(tool.function).toMatchObject({
      description: expect.stringContaining("Brave Search"),
      parameters: { properties: { freshness: { type: "string" } } },
    });
    expect(service.requests[0]?.url.searchParams.get("q")).toContain("sluice gates");
    expect(JSON.parse(model.toolResult())).toMatchObject({
      provider: "brave",
      results: [{ url: "https://water.example/gates", title: expect.stringContaining("Sluice gates") }],
    });
  });

  it("takes the key of the older path and names the provider that was chosen there", async () => {
    const service = await searchService();
    const { model, client } = await agentWith({
      webSearch: { baseUrl: service.url },
      search: { provider: "brave", apiKey: KEY, maxResults: 2 },
    });
    await chatTurn(client, "how do sluice gates work?");
    expect(service.requests[0]?.headers["x-subscription-token"]).toBe(KEY);
    expect(JSON.parse(model.toolResult())).toMatchObject({ provider: "brave", count: 1 });
  });

  it("says that the key is missing or refused, in words the agent can pass on", async () => {
    const none = await agentWith({});
    await chatTurn(none.client, "how do sluice gates work?");
    expect(JSON.parse(none.model.toolResult())).toMatchObject({
      error: "missing_brave_api_key",
      message: expect.stringContaining("set BRAVE_API_KEY"),
    });
    const service = await searchService();
    const wrong = await agentWith({ webSearch: { apiKey: "BSA-wrong", baseUrl: service.url } });
    await chatTurn(wrong.client, "how do sluice gates work?");
    expect(wrong.model.toolResult()).toMatch(/web search failed.*brave.*401/s);
    expect(wrong.model.toolResult()).not.toContain("BSA-wrong");
  });

  it("is not offered where web search is switched off", async () => {
    const { model, client } = await agentWith({ search: { enabled: false } });
    await chatTurn(client, "how do sluice gates work?");
    const names = (model.asked()[0]?.body.tools ?? []).map(
      (one: { function: { name: string } }) => one.function.name,
    );
    expect(names).not.toContain("web_search");
  });
});
