import { describe, expect, it } from "vitest";
import { contract } from "./support.ts";

const NAMES = ["plain", "search", "by_key", "made"];

const tool = (name: string) =>
  `{ name: "${name}", description: "Does ${name}.", parameters: { type: "object", properties: {} },
     execute: async () => ({ content: [{ type: "text", text: "did ${name}" }] }) }`;

const PROBE = {
  manifest: {
    contracts: { tools: NAMES },
    configSchema: { type: "object", additionalProperties: true, properties: {} },
    toolMetadata: {
      search: {
        configSignals: [
          { rootPath: "plugins.entries.probe.config", overlayPath: "search", required: ["apiKey"] },
        ],
        authSignals: [{ provider: "finder" }],
      },
      by_key: { authSignals: [{ provider: "finder" }] },
      made: { configSignals: [{ rootPath: "plugins.entries.probe.config", required: ["make"] }] },
      plain: { replaySafe: true },
    },
    setup: { providers: [{ id: "finder", envVars: ["FINDER_KEY"] }] },
  },
  register: `
    api.registerTool(${tool("plain")});
    api.registerTool(() => [${tool("search")}, ${tool("by_key")}], { names: ["search", "by_key"] });
    api.registerTool((ctx) => { seen.push("made"); return ${tool("made")}; }, { name: "made" });`,
};

async function tools({ say }: { say(message: string): Promise<string> }): Promise<string[]> {
  const answer = await say("/tool nothing {}");
  return (/I have: (.*)\./.exec(answer)?.[1] ?? "").split(", ").filter((name) => NAMES.includes(name));
}

describe("tools that wait for a setting or a key", () => {
  it("[F250] are offered once their setting is there, and inspect says what they wait for", async () => {
    const room = await contract(PROBE);
    const offered = () => tools(room);
    expect(await offered()).toEqual(["plain"]);
    expect(await room.say("/tool made {}")).toContain("There is no tool named made");
    expect(await room.seen()).toEqual([]);
    const { toolAvailability } = await room.call("plugins.inspect", { pluginId: "probe" });
    expect(toolAvailability).toEqual([
      {
        name: "search",
        available: false,
        needs: ["plugins.entries.probe.config.search: apiKey", "a key for finder"],
      },
      { name: "by_key", available: false, needs: ["a key for finder"] },
      { name: "made", available: false, needs: ["plugins.entries.probe.config: make"] },
    ]);

    const patch = async (config: object) => {
      const { hash } = await room.call("config.get");
      const raw = JSON.stringify({ plugins: { entries: { probe: { config } } } });
      await room.call("config.patch", { raw, baseHash: hash });
    };
    await patch({ make: true, search: { apiKey: "k" } });
    await expect.poll(offered).toEqual(["plain", "search", "made"]);
    expect(await room.say("/tool search {}")).toContain("did search");
    const inspected = await room.call("plugins.inspect", { pluginId: "probe" });
    expect(inspected.toolAvailability.map((row: { available: boolean }) => row.available)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("[F250] are offered with the provider's key in the environment", async () => {
    const room = await contract(PROBE, { gateway: { env: { ...process.env, FINDER_KEY: "k" } } });
    expect(await tools(room)).toEqual(["plain", "search", "by_key"]);
    expect(await room.say("/tool by_key {}")).toContain("did by_key");
  });
});
