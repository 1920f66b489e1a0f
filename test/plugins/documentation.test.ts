import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type {
  GatewayMethodRegistration,
  HttpRouteRegistration,
  ToolRegistration,
} from "../../src/contracts/registrations.ts";
import type { AgentTool } from "../../src/contracts/tool.ts";
import { pluginBench } from "./support/plugin-bench.ts";

const repository = join(import.meta.dirname, "../..");

/** The code block that follows the line naming a file. */
function codeOf(page: string, file: string): string {
  const match = new RegExp(`\`${file.replaceAll(".", "\\.")}\`:\\n\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(
    page,
  );
  if (!match) throw new Error(`the page has no code for ${file}`);
  return match[1] as string;
}

describe("the documentation for plugin authors", () => {
  it("[F053] [F163] the first plugin works as written and unloads without a trace", async () => {
    const page = await readFile(join(repository, "docs/plugins/first-plugin.md"), "utf8");
    const bench = await pluginBench();
    const folder = join(bench.root, "home", "garden");
    await mkdir(folder, { recursive: true });
    for (const file of ["openclaw.plugin.json", "index.mjs"])
      await writeFile(join(folder, file), codeOf(page, file));
    const plugins = (enabled: boolean) => ({
      plugins: {
        load: { paths: [folder] },
        entries: { garden: { enabled, config: { plants: ["basil", "cactus"] } } },
      },
    });
    bench.config.set(plugins(true));
    await bench.host.start();

    const generation = bench.host.registry.current();
    const tool = generation.get<ToolRegistration>("tool", "water_plant")?.value.create({}) as AgentTool;
    expect((await tool.execute("1", { plant: "cactus" } as never)).content).toEqual([
      { type: "text", text: "cactus was watered" },
    ]);
    await bench.host.hooks.run("message_received", { from: "a", content: "hi" }, { channelId: "irc" });
    const method = generation.get<GatewayMethodRegistration>("gatewayMethod", "garden.status")?.value;
    expect(method?.handler({ params: {}, respond: () => {} })).toMatchObject({
      plants: ["basil", "cactus"],
      messages: 1,
    });
    expect(method?.scope).toBe("operator.read");
    let body = "";
    const response = {
      setHeader() {},
      end(text: string) {
        body = text;
      },
    };
    await generation
      .get<HttpRouteRegistration>("httpRoute", "exact /garden")
      ?.value.handler({} as never, response as never);
    expect(Object.keys(JSON.parse(body))).toEqual(["cactus"]);
    expect(await bench.host.inspect("garden")).toMatchObject({
      status: "loaded",
      shape: "non-capability",
      gatewayMethods: ["garden.status"],
      diagnostics: [],
      missingSdkNames: [],
    });

    bench.config.set(plugins(false));
    await bench.host.applyConfig();
    expect(bench.host.registry.current().ofPlugin("garden")).toEqual([]);
    expect(bench.host.hooks.has("message_received")).toBe(false);
    expect(bench.host.records()).toMatchObject([
      { id: "garden", status: "disabled", reason: "disabled in config" },
    ]);
    expect(() => method?.handler({ params: {}, respond: () => {} })).toThrow(/reloaded or disabled/);
    expect(bench.clock.armed).toBe(0);
  });

  it("the pages about kinds and hooks say what the tables say", async () => {
    const script = join(repository, "scripts/plugin-docs.mjs");
    await promisify(execFile)(process.execPath, [script, "--check"], { cwd: repository });
  });
});
