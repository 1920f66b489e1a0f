import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { GatewayMethodRegistration, HttpRouteRegistration } from "../../src/contracts/registrations.ts";
import { pluginBench } from "./support/plugin-bench.ts";

describe("loading plugins", () => {
  it("[F030] registers what a default export with id and register(api) contributes", async () => {
    const bench = await pluginBench();
    await bench.write("global", "hello", {
      manifest: { contracts: { tools: ["hello"] } },
      register: `
        api.registerTool({ name: "hello", description: "d", parameters: {}, execute: async () => ({ content: [] }) });
        api.registerCommand({ name: "hi", description: "Say hi", handler: () => ({ text: "hi from " + api.id }) });
        api.registerGatewayMethod("hello.echo", ({ params }) => ({ params }), { scope: "operator.read" });
        api.registerHttpRoute({ path: "/hello", auth: "plugin", handler: () => true });
      `,
    });
    await bench.host.start();
    const generation = bench.host.registry.current();
    expect(generation.get("tool", "hello")?.pluginId).toBe("hello");
    expect(generation.get<{ handler(): unknown }>("command", "hi")?.value.handler()).toEqual({
      text: "hi from hello",
    });
    const method = generation.get<GatewayMethodRegistration>("gatewayMethod", "hello.echo")?.value;
    expect(method?.scope).toBe("operator.read");
    expect(method?.handler({ params: 1, respond: () => {} })).toEqual({ params: 1 });
    expect(generation.list<HttpRouteRegistration>("httpRoute")[0]?.value.canonicalPath).toBe("/hello");
    expect(bench.host.records()).toMatchObject([{ id: "hello", status: "loaded", imported: true }]);
  });

  it("[F001] [F002] gives a plugin outside the package the host's SDK under every accepted name", async () => {
    const bench = await pluginBench();
    for (const brand of ["openclaw", "sluice", "OmeniaClaw", "clawdbot", "moltbot"]) {
      await bench.write("extra", brand, {
        files: {
          "index.mjs": `
            import { definePluginEntry } from "${brand}/plugin-sdk/plugin-entry";
            export default definePluginEntry({ id: "${brand}", name: "n", description: "d", register(api) {
              api.registerCommand({ name: "${brand}-cmd", description: "d", handler: () => ({}) });
            } });`,
        },
      });
    }
    bench.config.set({ plugins: { load: { paths: [join(bench.root, "extra")] } } });
    await bench.host.start();
    expect(bench.host.records().map(({ id, status, error }) => [id, status, error])).toEqual([
      ["OmeniaClaw", "loaded", undefined],
      ["clawdbot", "loaded", undefined],
      ["moltbot", "loaded", undefined],
      ["openclaw", "loaded", undefined],
      ["sluice", "loaded", undefined],
    ]);
  });

  it("[F161] loads TypeScript sources and CommonJS, with the same SDK instance as JavaScript", async () => {
    const bench = await pluginBench();
    await bench.write("extra", "typed", {
      files: {
        "index.ts": `
          import { definePluginEntry, type PluginApi } from "openclaw/plugin-sdk/plugin-entry";
          import { word } from "./word.ts";
          (globalThis as any).sdkOfTyped = definePluginEntry;
          export default definePluginEntry({ id: "typed", name: "Typed", description: word as string, register(api: PluginApi) {
            api.registerCommand({ name: "typed", description: word, handler: () => ({ text: word }) });
          } });`,
        "word.ts": `export const word: string = "typed word";`,
      },
    });
    await bench.write("extra", "common", {
      files: {
        "index.cjs": `
          const { definePluginEntry } = require("openclaw/plugin-sdk/plugin-entry");
          globalThis.sdkOfCommon = definePluginEntry;
          module.exports = definePluginEntry({ id: "common", name: "Common", description: "d", register(api) {
            api.registerCommand({ name: "common", description: "d", handler: () => ({ text: "common" }) });
          } });`,
      },
    });
    await bench.write("extra", "native", {
      files: {
        "index.mjs": `
          import { definePluginEntry } from "openclaw/plugin-sdk/plugin-entry";
          globalThis.sdkOfNative = definePluginEntry;
          export default definePluginEntry({ id: "native", name: "n", description: "d", register() {} });`,
      },
    });
    bench.config.set({ plugins: { load: { paths: [join(bench.root, "extra")] } } });
    await bench.host.start();
    expect(bench.host.records().map(({ id, error }) => [id, error])).toEqual([
      ["common", undefined],
      ["native", undefined],
      ["typed", undefined],
    ]);
    const generation = bench.host.registry.current();
    expect(generation.list("command").map(({ key }) => key)).toEqual(["common", "typed"]);
    const seen = globalThis as unknown as Record<string, unknown>;
    expect(seen["sdkOfTyped"]).toBe(seen["sdkOfNative"]);
    expect(seen["sdkOfCommon"]).toBe(seen["sdkOfNative"]);
  });
});
