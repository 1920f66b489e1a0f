import { describe, expect, it } from "vitest";
import type { PluginApi } from "../../src/contracts/plugin-api.ts";
import type { AgentTool } from "../../src/contracts/tool.ts";
import { buildChannelConfigSchema } from "../../src/plugin-sdk/channel-config-schema.ts";
import { defineChannelPluginEntry, defineSetupPluginEntry } from "../../src/plugin-sdk/channel-core.ts";
import * as core from "../../src/plugin-sdk/core.ts";
import { definePluginEntry } from "../../src/plugin-sdk/plugin-entry.ts";
import { createPluginRuntimeStore } from "../../src/plugin-sdk/runtime-store.ts";
import { defineToolPlugin, getToolPluginMetadata } from "../../src/plugin-sdk/tool-plugin.ts";

/** Records which methods of the api were called, in order. */
function recordingApi(registrationMode: string): { api: PluginApi; calls: [string, unknown[]][] } {
  const calls: [string, unknown[]][] = [];
  const fields: Record<string, unknown> = {
    registrationMode,
    runtime: { version: "1" },
    pluginConfig: { unit: "m" },
  };
  const api = new Proxy(fields, {
    get: (target, key) =>
      key in target ? target[key as string] : (...args: unknown[]) => void calls.push([String(key), args]),
  });
  return { api: api as unknown as PluginApi, calls };
}

describe("definePluginEntry", () => {
  it("[F002] [F030] keeps the definition and resolves a schema function once, on first use", () => {
    let asked = 0;
    const entry = definePluginEntry({
      id: "x",
      name: "X",
      description: "d",
      kind: "memory",
      register() {},
      configSchema: () => ({ type: "object", asked: ++asked }),
    });
    expect(asked).toBe(0);
    expect([entry.configSchema, entry.configSchema]).toEqual([
      { type: "object", asked: 1 },
      { type: "object", asked: 1 },
    ]);
    expect(entry).toMatchObject({ id: "x", name: "X", description: "d", kind: "memory" });
  });

  it("[F002] a plugin without a schema takes no settings", () => {
    const entry = definePluginEntry({ id: "x", name: "X", description: "d", register() {} });
    expect(entry.configSchema).toEqual({ type: "object", properties: {}, additionalProperties: false });
  });
});

describe("defineChannelPluginEntry", () => {
  const parts = ["registerCliMetadata", "registerFull", "registerCapabilities"];
  it.each([
    [
      "full",
      ["registerChannel", "setRuntime", "registerCliMetadata", "registerFull", "registerCapabilities"],
    ],
    ["discovery", ["registerChannel", "setRuntime", "registerCliMetadata", "registerCapabilities"]],
    ["tool-discovery", ["registerFull", "registerCapabilities"]],
    ["setup-only", ["registerChannel", "setRuntime"]],
    ["setup-runtime", ["registerChannel", "setRuntime"]],
    ["cli-metadata", ["registerCliMetadata"]],
  ])("[F003] in mode %s runs %j, in this order", (mode, expected) => {
    const { api, calls } = recordingApi(mode);
    const order: string[] = [];
    const entry = defineChannelPluginEntry({
      id: "chat",
      name: "Chat",
      description: "d",
      plugin: { id: "chat" },
      setRuntime: () => void order.push("setRuntime"),
      ...Object.fromEntries(parts.map((part) => [part, () => void order.push(part)])),
    });
    const registerChannel = api.registerChannel;
    (api as { registerChannel: unknown }).registerChannel = (registration: never) => {
      order.push("registerChannel");
      registerChannel(registration);
    };
    entry.register(api);
    expect(order).toEqual(expected);
    expect(
      calls.every(
        ([name, args]) =>
          name === "registerChannel" && (args[0] as { plugin: object }).plugin === entry.channelPlugin,
      ),
    ).toBe(true);
  });

  it("[F003] [F271] exposes the channel, its runtime setter and the light setup entry", () => {
    let set: unknown;
    const entry = defineChannelPluginEntry({
      id: "chat",
      name: "Chat",
      description: "d",
      plugin: { id: "chat" },
      setRuntime: (runtime) => {
        set = runtime;
      },
    });
    const runtime = { version: "2" } as never;
    entry.setChannelRuntime(runtime);
    expect(set).toBe(runtime);
    const plugin = { id: "chat" };
    expect(defineSetupPluginEntry(plugin)).toEqual({ plugin });
  });
});

describe("defineToolPlugin", () => {
  it("[F053] registers each tool; texts stay texts, other values become JSON with details", async () => {
    const entry = defineToolPlugin({
      id: "t",
      name: "T",
      description: "d",
      tools: (tool) => [
        tool({
          name: "say",
          description: "d",
          parameters: { type: "object" },
          execute: ({ word }: { word: string }) => `${word}!`,
        }),
        tool({
          name: "sum",
          description: "d",
          optional: true,
          parameters: {},
          execute: (_params, config) => ({ unit: config["unit"] }),
        }),
        tool({
          name: "made",
          description: "d",
          factory: ({ config }) => ({
            name: "made",
            description: String(config["unit"]),
            parameters: {},
            execute: async () => ({ content: [] }),
          }),
        }),
      ],
    });
    const { api, calls } = recordingApi("full");
    entry.register(api);
    expect(calls.map(([name, args]) => [name, args[1]])).toEqual([
      ["registerTool", {}],
      ["registerTool", { optional: true }],
      ["registerTool", { name: "made" }],
    ]);
    const [say, sum, made] = calls.map(([, args]) => args[0]) as [
      AgentTool,
      AgentTool,
      (context: object) => AgentTool,
    ];
    expect(say.label).toBe("say");
    expect(await say.execute("1", { word: "hi" } as never)).toEqual({
      content: [{ type: "text", text: "hi!" }],
      details: "hi!",
    });
    expect(await sum.execute("1", {} as never)).toEqual({
      content: [{ type: "text", text: '{"unit":"m"}' }],
      details: { unit: "m" },
    });
    expect(made({}).description).toBe("m");
  });

  it("[F053] carries hidden metadata from which a manifest can be written", () => {
    const entry = defineToolPlugin({
      id: "t",
      name: "T",
      description: "d",
      tools: (tool) => [tool({ name: "say", description: "says", parameters: {}, execute: () => "" })],
    });
    expect(Object.keys(entry)).not.toContain("metadata");
    expect(getToolPluginMetadata(entry)).toMatchObject({
      id: "t",
      activation: { onStartup: true },
      tools: [{ name: "say", label: "say", description: "says", optional: false }],
    });
    expect(getToolPluginMetadata({})).toBeUndefined();
  });

  it("[F053] a declaration without execute and factory fails when registering", () => {
    const entry = defineToolPlugin({
      id: "t",
      name: "T",
      description: "d",
      tools: () => [{ name: "bad", description: "d" } as never],
    });
    expect(() => entry.register(recordingApi("full").api)).toThrow(/"bad" needs an execute function/);
  });
});

describe("runtime store and schemas", () => {
  it("[F227] keeps one runtime per store and says whose is missing", () => {
    const store = createPluginRuntimeStore<{ n: number }>({ pluginId: "chat" });
    expect(store.tryGetRuntime()).toBeNull();
    expect(() => store.getRuntime()).toThrow(/"chat"/);
    store.setRuntime({ n: 1 });
    expect(store.getRuntime()).toEqual({ n: 1 });
    expect(createPluginRuntimeStore("other message").tryGetRuntime()).toBeNull();
    store.clearRuntime();
    expect(store.tryGetRuntime()).toBeNull();
    expect(() => createPluginRuntimeStore("own words").getRuntime()).toThrow("own words");
  });

  it("[F004] [F006] the umbrella and the narrow subpath build the same channel schema", () => {
    const schema = { type: "object", properties: { server: { type: "string" } } };
    expect(buildChannelConfigSchema(schema as never)).toMatchObject({ schema });
    expect(core.buildChannelConfigSchema).toBe(buildChannelConfigSchema);
    expect(core.definePluginEntry).toBe(definePluginEntry);
  });
});
