import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { WireClient } from "../../gateway/support/wire-client.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { type CompletionsAnswer, completionsServer } from "./support/completions-server.ts";
import { publishedPackages } from "./support/packages.ts";
import { chatTurn, type PublishedPlugin, publishedGateway } from "./support/published-gateway.ts";

const available = await publishedPackages();
const SCOPES = ["operator.read", "operator.write", "operator.admin"];
const KEY = "sk-of-this-test-only";

/** A plugin with one tool. */
async function clockPlugin(): Promise<PublishedPlugin> {
  const folder = await temporaryFolder("sluice-tool-plugin-");
  await writeFile(
    join(folder, "openclaw.plugin.json"),
    JSON.stringify({
      id: "wall-clock",
      configSchema: { type: "object" },
      contracts: { tools: ["wall_clock"] },
    }),
  );
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({
      name: "wall-clock",
      version: "1.0.0",
      type: "module",
      openclaw: { extensions: ["./index.js"] },
    }),
  );
  await writeFile(
    join(folder, "index.js"),
    `export default { id: "wall-clock", register(api) {
      api.registerTool({
        name: "wall_clock", description: "What time it is",
        parameters: { type: "object", properties: { zone: { type: "string" } }, patternProperties: {} },
        execute: async (_id, { zone }) => ({ content: [{ type: "text", text: "noon in " + zone }] }),
      });
    } };`,
  );
  return { package: { folder }, id: "wall-clock" };
}

async function deepseek(
  answers: CompletionsAnswer[],
  env: Record<string, string> = { DEEPSEEK_API_KEY: KEY },
  models: readonly string[] = [],
) {
  const server = await completionsServer({ answers, models });
  const gateway = await publishedGateway(
    {
      package: "@openclaw/deepseek-provider",
      id: "deepseek",
      env,
      config: {
        models: { providers: { deepseek: { baseUrl: server.url } } },
        agents: { defaults: { model: "deepseek/deepseek-v4-pro" } },
      },
    },
    await clockPlugin(),
  );
  const client = await WireClient.open(gateway.url, {
    scopes: SCOPES,
  });
  return { gateway, client, server };
}

describe.skipIf(!available)("@openclaw/deepseek-provider, unmodified, against its wire format", () => {
  it("streams thoughts and text, calls a tool, gives its thoughts back and counts what it cost", async () => {
    const { client, server } = await deepseek([
      {
        deltas: [
          { role: "assistant", reasoning_content: "They want " },
          { reasoning_content: "the time." },
          {
            tool_calls: [
              { index: 0, id: "call_1", type: "function", function: { name: "wall_clock", arguments: "" } },
            ],
          },
          { tool_calls: [{ index: 0, function: { arguments: '{"zone":"UTC"}' } }] },
        ],
        finish: "tool_calls",
        usage: { prompt_tokens: 1_000, completion_tokens: 20, prompt_tokens_details: { cached_tokens: 600 } },
      },
      {
        deltas: [{ reasoning_content: "Noon." }, { content: "It is " }, { content: "noon." }],
        usage: { prompt_tokens: 1_100, completion_tokens: 5 },
      },
      { deltas: [{ content: "You are welcome." }] },
    ]);
    const end = await chatTurn(client, "what time is it?");
    expect(end).toMatchObject({
      state: "final",
      message: { content: [{ type: "text", text: "It is noon." }] },
    });

    const [first, second] = server.asked();
    expect(first).toMatchObject({
      path: "/chat/completions",
      headers: { authorization: `Bearer ${KEY}` },
      body: {
        model: "deepseek-v4-pro",
        stream: true,
        thinking: { type: "enabled" },
        reasoning_effort: "high",
      },
    });
    const tool = first?.body.tools.find(
      (one: { function: { name: string } }) => one.function.name === "wall_clock",
    );
    expect(tool.function.parameters).not.toHaveProperty("patternProperties");
    expect(second?.body.messages.slice(-2)).toMatchObject([
      { role: "assistant", reasoning_content: "They want the time.", tool_calls: [{ id: "call1" }] },
      { role: "tool", tool_call_id: "call1", content: "noon in UTC" },
    ]);
    const listed = await client.call("sessions.list", {});
    const session = listed.payload.sessions.find((one: { key: string }) => one.key.endsWith(":main"));
    expect(session).toMatchObject({ modelProvider: "deepseek", model: "deepseek-v4-pro" });

    await chatTurn(client, "thanks");
    const third = server.asked()[2];
    expect(third?.body.messages.filter((one: { role: string }) => one.role === "assistant")).toMatchObject([
      { reasoning_content: "They want the time." },
      { reasoning_content: "Noon." },
    ]);
  });

  it("switches thinking off on request and lists its models, with and without a key", async () => {
    const { client, server } = await deepseek([{ deltas: [{ content: "Plainly." }] }]);
    const listed = await client.call("models.list", { view: "all" });
    const mine = listed.payload.models.filter((one: { provider: string }) => one.provider === "deepseek");
    expect(mine.map((one: { id: string }) => one.id)).toContain("deepseek-v4-flash");
    expect(mine.find((one: { id: string }) => one.id === "deepseek-v4-pro")).toMatchObject({
      available: true,
      contextWindow: 1_000_000,
      reasoning: true,
      thinkingDefault: "high",
      thinkingLevels: expect.arrayContaining([expect.objectContaining({ id: "xhigh" })]),
      tags: ["default"],
    });
    await client.call("sessions.patch", { key: "main", thinkingLevel: "off" });
    await chatTurn(client, "hi");
    const body = server.asked()[0]?.body;
    expect(body.thinking).toEqual({ type: "disabled" });
    expect(body).not.toHaveProperty("reasoning_effort");
  });

  it("shows the models its server has now, with what is known of them", async () => {
    const { client } = await deepseek([], { DEEPSEEK_API_KEY: KEY }, ["deepseek-v4-pro", "deepseek-next"]);
    const listed = await client.call("models.list", { view: "all" });
    const mine = listed.payload.models.filter((one: { provider: string }) => one.provider === "deepseek");
    expect(mine).toMatchObject([
      { id: "deepseek-v4-pro", contextWindow: 1_000_000 },
      { id: "deepseek-next", contextWindow: 128_000 },
    ]);
  });

  it("waits as long as the server says, tries an error of the server again and passes on a refusal", async () => {
    const { client, server } = await deepseek([
      { status: 429, headers: { "retry-after-ms": "20" }, error: "slow down" },
      { status: 500, headers: { "retry-after": "0" }, error: "try later" },
      { deltas: [{ content: "Here I am." }] },
      { status: 401, error: `Incorrect API key provided: ${KEY}` },
      { status: 400, error: "deepseek: input too long for this model" },
    ]);
    expect(await chatTurn(client, "hi")).toMatchObject({
      state: "final",
      message: { content: [{ type: "text", text: "Here I am." }] },
    });
    expect(server.asked()).toHaveLength(3);

    const refused = await chatTurn(client, "again");
    expect(refused).toMatchObject({
      state: "error",
      errorMessage: expect.stringContaining("401 Incorrect API key"),
    });
    expect(JSON.stringify(client.frames)).not.toContain(KEY);
    const overflow = await chatTurn(client, "and again");
    expect(overflow).toMatchObject({ state: "error" });
    const history = await client.call("chat.history", { sessionKey: "main" });
    const codes = history.payload.messages.flatMap((one: { errorCode?: string }) => one.errorCode ?? []);
    expect(codes).toEqual(["auth_permanent", "context_overflow"]);
    expect(server.asked()).toHaveLength(5);
  });

  it("says which key is missing before anything is sent", async () => {
    const gateway = await publishedGateway({
      package: "@openclaw/deepseek-provider",
      id: "deepseek",
      config: { agents: { defaults: { model: "deepseek/deepseek-v4-flash" } } },
    });
    const client = await WireClient.open(gateway.url, { scopes: SCOPES });
    expect(await chatTurn(client, "hi")).toMatchObject({
      state: "error",
      errorMessage: expect.stringContaining(
        "set DEEPSEEK_API_KEY, or write models.providers.deepseek.apiKey",
      ),
    });
    const listed = await client.call("models.list", { view: "all" });
    expect(listed.payload.models.find((one: { id: string }) => one.id === "deepseek-v4-flash")).toMatchObject(
      {
        available: false,
        unavailableReason: "missing-auth",
      },
    );
  });
});
