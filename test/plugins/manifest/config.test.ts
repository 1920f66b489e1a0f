import { describe, expect, it } from "vitest";
import { pluginBench } from "../support/plugin-bench.ts";
import { readManifest } from "./support/read-manifest.ts";

const GROUP = { id: "web", title: "Web search", order: 10, properties: ["webSearch"] };

describe("what a manifest says of settings", () => {
  it("[F249] is read whole and shown by inspect, the schema handed out as data", async () => {
    const manifest = {
      configSchema: { type: "object", properties: { size: { type: "number", default: 3 } } },
      uiHints: {
        "api.key": {
          label: "Key",
          help: "From your account",
          sensitive: true,
          tags: ["auth"],
          placeholder: "sk-…",
        },
        phone: { presentation: "phone-number", advanced: true },
      },
      configGroups: [GROUP],
      configContracts: {
        compatibilityMigrationPaths: ["channels.old"],
        compatibilityRuntimePaths: ["tools.old"],
        dangerousFlags: [{ path: "open", equals: true }],
        secretInputs: {
          bundledDefaultEnabled: true,
          paths: [{ path: "api.key", expected: "string", ownerKind: "capability" }],
        },
      },
      channels: ["chat"],
      channelConfigs: {
        chat: {
          schema: { type: "object" },
          label: "Chat",
          description: "A chat",
          uiHints: { token: { sensitive: true } },
          commands: { nativeCommandsAutoEnabled: true, nativeSkillsAutoEnabled: false },
          preferOver: ["older"],
        },
      },
    };
    const bench = await pluginBench();
    await bench.write("global", "it", { manifest, register: "" });
    await bench.host.start();
    const { schema: _schema, ...channel } = manifest.channelConfigs.chat;
    expect((await bench.host.inspect("it"))?.metadata?.config).toEqual({
      groups: [GROUP],
      uiHints: manifest.uiHints,
      channels: { chat: channel },
      secretInputs: manifest.configContracts.secretInputs.paths,
      secretInputsBundledDefault: true,
      dangerousFlags: [{ path: "open", equals: true }],
      compatibilityMigrationPaths: ["channels.old"],
      compatibilityRuntimePaths: ["tools.old"],
    });
    const read = (await bench.host.snapshot()).find("it")?.candidate.manifest;
    expect(read?.configSchema).toEqual(manifest.configSchema);
    expect(read?.channelConfigs["chat"]?.schema).toEqual({ type: "object" });
  });

  it.each<[string, unknown]>([
    ["no title", [GROUP, { ...GROUP, title: "" }]],
    ["an order with a fraction", [GROUP, { ...GROUP, order: 1.5 }]],
    ["properties that are no texts", [GROUP, { ...GROUP, properties: [1] }]],
    ["something else than an object", [GROUP, 5]],
    ["no list around it", GROUP],
  ])("[F249] ignores all groups when one has %s", async (_title, configGroups) => {
    const { metadata, codes } = await readManifest({ configGroups });
    expect(codes).toEqual([]);
    expect(metadata.config).toMatchObject({ groups: [] });
  });

  it.each<[string, Record<string, unknown>, object]>([
    [
      "hints of another type",
      { uiHints: { a: 5, b: { label: 7, sensitive: "yes", presentation: "colour" } } },
      { uiHints: { b: {} } },
    ],
    [
      "prototype keys",
      { uiHints: JSON.parse('{"__proto__":{"label":"x"},"constructor":{"label":"x"}}') },
      { uiHints: {} },
    ],
    ["channels without a schema", { channelConfigs: { chat: { label: "Chat" } } }, { channels: {} }],
    [
      "secret inputs without a path",
      {
        configContracts: {
          secretInputs: { paths: [5, {}, { path: "k", expected: "file", ownerKind: "x" }] },
        },
      },
      { secretInputs: [{ path: "k" }] },
    ],
    [
      "flags without a value",
      { configContracts: { dangerousFlags: [{ path: "open" }, { equals: 1 }] } },
      { dangerousFlags: [] },
    ],
    [
      "paths that are no texts",
      { configContracts: { compatibilityMigrationPaths: [1, "a"], compatibilityRuntimePaths: "b" } },
      { compatibilityMigrationPaths: ["a"], compatibilityRuntimePaths: [] },
    ],
  ])("[F249] drops silently: %s", async (_title, manifest, expected) => {
    const { metadata, codes } = await readManifest(manifest);
    expect(codes).toEqual([]);
    for (const [key, value] of Object.entries(expected)) expect(metadata.config).toHaveProperty(key, value);
  });
});
