import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { WireClient } from "../../gateway/support/wire-client.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { type CompletionsAnswer, completionsServer } from "./support/completions-server.ts";
import { publishedPackages } from "./support/packages.ts";
import { chatTurn, type PublishedPlugin, publishedGateway } from "./support/published-gateway.ts";

const available = await publishedPackages();
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
) {
  const server = await completionsServer({ answers });
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
    scopes: ["operator.read", "operator.write", "operator.admin"],
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
});
