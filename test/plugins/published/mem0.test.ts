import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { WireClient } from "../../gateway/support/wire-client.ts";
import { sluice } from "../../support/sluice-command.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { callsTool, says, scriptedModel } from "./support/completions-server.ts";
import { memoryServer } from "./support/memory-server.ts";
import { packageFolder, publishedPackages } from "./support/packages.ts";
import { chatTurn, publishedGateway } from "./support/published-gateway.ts";

const available = await publishedPackages();
const KEY = "m0-of-this-test";
// Loaded once in this process: it would report to its makers.
vi.stubEnv("MEM0_TELEMETRY", "false");

describe.skipIf(!available)("@mem0/openclaw-mem0, unmodified, against a server of its wire format", () => {
  it("keeps what was said, brings it back in later turns and lets the agent look for it", async () => {
    const memory = await memoryServer(KEY);
    const model = await scriptedModel([
      says("I will keep that in mind."),
      says("Teal."),
      callsTool("memory_search", { query: "colour of the canal keeper" }),
      says("Still teal."),
    ]);
    const gateway = await publishedGateway({
      package: "@mem0/openclaw-mem0",
      id: "openclaw-mem0",
      slots: { memory: "openclaw-mem0" },
      entry: {
        hooks: { allowConversationAccess: true },
        config: {
          mode: "platform",
          apiKey: KEY,
          baseUrl: memory.url,
          userId: "ada",
          autoCapture: true,
          autoRecall: true,
        },
      },
      config: model.config,
    });
    const inspection = await gateway.services.plugins.inspect("openclaw-mem0");
    expect(inspection).toMatchObject({
      status: "loaded",
      contributions: {
        tool: expect.arrayContaining(["memory_search", "memory_add"]),
        service: ["openclaw-mem0"],
      },
    });
    expect(inspection?.diagnostics).toEqual([]);
    const client = await WireClient.open(gateway.url, { scopes: ["operator.read", "operator.write"] });

    await chatTurn(
      client,
      "My favourite colour is teal, and I keep the locks of the northern canal. Remember it.",
    );
    const added = await memory.received(({ body }) => Array.isArray(body?.messages));
    expect(added.body).toMatchObject({
      user_id: expect.stringContaining("ada"),
      messages: expect.arrayContaining([
        expect.objectContaining({ role: "user", content: expect.stringContaining("teal") }),
        expect.objectContaining({ role: "assistant", content: "I will keep that in mind." }),
      ]),
    });

    await chatTurn(client, "Which colour is my favourite?");
    const asked = JSON.stringify(model.asked()[1]?.body.messages.at(-1));
    expect(asked).toMatch(/<relevant-memories>.*teal.*<\/relevant-memories>.*Which colour/s);
    const history = await client.call("chat.history", { sessionKey: "main" });
    expect(JSON.stringify(history.payload)).not.toContain("relevant-memories");

    await chatTurn(client, "Look it up to be sure.");
    expect(model.toolResult()).toContain("northern canal");
  });

  it("goes on without memory when the server refuses its key", async () => {
    const memory = await memoryServer("another");
    const model = await scriptedModel([says("Hello.")]);
    const gateway = await publishedGateway({
      package: "@mem0/openclaw-mem0",
      id: "openclaw-mem0",
      slots: { memory: "openclaw-mem0" },
      entry: {
        hooks: { allowConversationAccess: true },
        config: { mode: "platform", apiKey: KEY, baseUrl: memory.url, userId: "ada", autoRecall: true },
      },
      config: model.config,
    });
    const client = await WireClient.open(gateway.url, { scopes: ["operator.read", "operator.write"] });
    expect(await chatTurn(client, "Is anybody there?")).toMatchObject({ state: "final" });
    expect(memory.requests.length).toBeGreaterThan(0);
  });

  it("brings its own commands to the command line", async () => {
    const memory = await memoryServer(KEY);
    const stateDir = await temporaryFolder("sluice-mem0-");
    const config = {
      plugins: {
        load: { paths: [packageFolder("@mem0/openclaw-mem0")] },
        slots: { memory: "openclaw-mem0" },
        entries: {
          "openclaw-mem0": {
            enabled: true,
            config: { mode: "platform", apiKey: KEY, baseUrl: memory.url, userId: "ada" },
          },
        },
      },
    };
    await writeFile(join(stateDir, "sluice.json"), JSON.stringify(config));
    const run = (...args: string[]) =>
      sluice(["mem0", ...args], { stateDir, env: { MEM0_TELEMETRY: "false" } });
    const added = await run("add", "The weir at Ada's mill is closed on Sundays");
    expect(added).toMatchObject({ status: 0, stderr: "" });
    expect(memory.memories).toHaveLength(1);
    const found = await run("search", "When is the weir closed?", "--json");
    expect(found.status).toBe(0);
    expect(found.stdout).toContain("closed on Sundays");
    expect((await run("status")).stdout).toMatch(/connected/i);
  });
});
