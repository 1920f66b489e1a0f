import { describe, expect, it } from "vitest";
import { MAX_CONTROL_UI_STYLES, MAX_THEMES } from "../../../src/plugins/manifest/limits.ts";
import { pluginBench } from "../support/plugin-bench.ts";
import { readManifest } from "./support/read-manifest.ts";

const CONFIG_SIGNAL = {
  rootPath: "channels.chat",
  overlayPath: "work",
  overlayMapPath: "accounts",
  required: ["appId"],
  requiredAny: ["secret", "token"],
  mode: { path: "mode", default: "socket", allowed: ["socket"], disallowed: ["http"] },
};
const AUTH_SIGNAL = {
  provider: "p",
  providerBaseUrl: {
    provider: "p",
    defaultBaseUrl: "https://p.example",
    allowedBaseUrls: ["https://p.example"],
  },
};
const SIGNALS = { configSignals: [CONFIG_SIGNAL], authSignals: [AUTH_SIGNAL, { provider: "q" }] };
const NO_SIGNALS = { configSignals: [], authSignals: [] };

describe("what a manifest says of capabilities", () => {
  it("[F251] is read whole and shown by inspect", async () => {
    const media = {
      capabilities: ["image", "audio"],
      defaultModels: { image: "p-eye" },
      autoPriority: { image: 15 },
      nativeDocumentInputs: ["pdf"],
      documentModels: { pdf: { textExtraction: "p-read", image: false } },
    };
    const generation = { aliases: ["pp"], authProviders: ["p"], ...SIGNALS, referenceAudioInputs: true };
    const tool = { ...SIGNALS, optional: true, profiles: ["coding"], replaySafe: true, sideEffecting: false };
    const source = {
      name: "Calls",
      autoStart: {
        accountId: "optional",
        guildId: "required",
        channelId: "required",
        meetingUrl: "optional",
      },
    };
    const { metadata, codes } = await readManifest({
      contracts: { tools: ["t"], decisionProviders: ["d"], transcriptSourceProviders: ["s"] },
      mediaUnderstandingProviderMetadata: { p: media },
      imageGenerationProviderMetadata: { i: generation },
      videoGenerationProviderMetadata: { v: generation },
      musicGenerationProviderMetadata: { m: generation },
      toolMetadata: { t: tool },
      decisionModels: [{ provider: "d", id: "small", name: "Small" }],
      transcriptSources: { s: source },
      themes: [{ id: "dusk", colours: { text: "#eee" } }],
      controlUi: { entry: "dist/page/index.js", styles: ["dist/page/index.css"] },
    });
    expect(codes).toEqual([]);
    expect(metadata.capabilities).toEqual({
      mediaUnderstanding: { p: media },
      imageGeneration: { i: generation },
      videoGeneration: { v: generation },
      musicGeneration: { m: generation },
      decisionModels: [{ provider: "d", id: "small", name: "Small" }],
      transcriptSources: { s: source },
    });
    expect(metadata.tools).toEqual({ t: tool });
    expect(metadata.ui).toEqual({
      themes: [{ id: "dusk", colours: { text: "#eee" } }],
      controlUi: { entry: "dist/page/index.js", styles: ["dist/page/index.css"] },
    });
  });

  const tool = (value: unknown) => ({ toolMetadata: { t: value } });
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    [
      "signals without a condition",
      tool({
        configSignals: [{ rootPath: "a" }, { rootPath: "a", required: [] }, { rootPath: "a", mode: {} }],
      }),
      { "tools.t": NO_SIGNALS },
    ],
    ["signals without a root", tool({ configSignals: [{ required: ["x"] }, 5] }), { "tools.t": NO_SIGNALS }],
    [
      "one condition is enough",
      tool({ configSignals: [{ rootPath: "a", mode: { path: "m" } }] }),
      { "tools.t.configSignals": [{ rootPath: "a", mode: { path: "m" } }] },
    ],
    [
      "addresses that cannot be read",
      tool({
        authSignals: [
          { provider: "p", providerBaseUrl: { provider: "p" } },
          { provider: "p", providerBaseUrl: 5 },
          {},
        ],
      }),
      { "tools.t": NO_SIGNALS },
    ],
    [
      "unknown profiles and switches",
      tool({ profiles: ["huge"], optional: "yes", replaySafe: 1 }),
      { "tools.t": NO_SIGNALS },
    ],
    ["tool metadata of another type", tool(5), { tools: {} }],
    [
      "media that nobody understands",
      {
        mediaUnderstandingProviderMetadata: {
          a: 5,
          b: {
            capabilities: ["smell"],
            defaultModels: { image: 5 },
            autoPriority: { image: "1" },
            nativeDocumentInputs: ["doc"],
            documentModels: { pdf: 5 },
          },
        },
      },
      {
        "capabilities.mediaUnderstanding": {
          b: { capabilities: [], defaultModels: {}, autoPriority: {}, nativeDocumentInputs: [] },
        },
      },
    ],
    [
      "generation of another type",
      { imageGenerationProviderMetadata: { a: [], b: { aliases: 5, referenceAudioInputs: 1 } } },
      { "capabilities.imageGeneration": { b: { aliases: [], authProviders: [], ...NO_SIGNALS } } },
    ],
    [
      "decision models of providers it does not own",
      {
        contracts: { decisionProviders: ["d"] },
        decisionModels: [{ provider: "e", id: "m" }, { provider: "d" }, { provider: "d", id: "m" }],
      },
      { "capabilities.decisionModels": [{ provider: "d", id: "m" }] },
    ],
    [
      "transcript sources it does not own",
      {
        contracts: { transcriptSourceProviders: ["s"] },
        transcriptSources: { r: { name: "R" }, s: { autoStart: { guildId: "maybe" } } },
      },
      { "capabilities.transcriptSources": { s: { autoStart: {} } } },
    ],
  ])("[F251] drops silently: %s", async (_title, manifest, expected) => {
    const { metadata, status, codes } = await readManifest(manifest);
    expect([status, codes]).toEqual(["loaded", []]);
    for (const [path, value] of Object.entries(expected)) expect(metadata).toHaveProperty(path, value);
  });

  const themes = (count: number) => ({ themes: Array.from({ length: count }, () => ({})) });
  const styles = (count: number) => ({
    controlUi: {
      entry: "dist/page/index.mjs",
      styles: Array.from({ length: count }, (_, at) => `dist/page/${at}.css`),
    },
  });
  it.each<[string, string, Record<string, unknown>]>([
    ["loaded", "as many themes as allowed", themes(MAX_THEMES)],
    ["error", "one theme too many", themes(MAX_THEMES + 1)],
    ["error", "a theme that is no object", { themes: ["dusk"] }],
    ["loaded", "as many styles as allowed", styles(MAX_CONTROL_UI_STYLES)],
    ["error", "one style too many", styles(MAX_CONTROL_UI_STYLES + 1)],
    ["error", "a page outside dist", { controlUi: { entry: "src/page.js" } }],
    ["error", "a page directly in dist", { controlUi: { entry: "dist/page.js" } }],
    [
      "error",
      "a style of another folder",
      { controlUi: { entry: "dist/page/a.js", styles: ["dist/other/a.css"] } },
    ],
    [
      "error",
      "an id of the board in capitals",
      { dashboard: { dataBindings: [{ id: "A", method: "m", description: "d" }] } },
    ],
  ])("[F251] is %s with %s", async (status, _title, manifest) => {
    const read = await readManifest(manifest);
    expect([read.status, read.codes]).toEqual([status, status === "error" ? ["manifest-invalid"] : []]);
  });

  it("[F251] a board's method must exist, be the plugin's own and have the right scope", async () => {
    const bench = await pluginBench();
    const manifest = { dashboard: { dataBindings: [{ id: "a", method: "own.get", description: "d" }] } };
    await bench.write("global", "unowned", { manifest, register: "" });
    await bench.write("global", "wide", {
      manifest,
      register: `api.registerGatewayMethod("own.get", () => 1);`,
    });
    await bench.write("global", "works", {
      manifest,
      register: `api.registerGatewayMethod("own.get", () => 1, { scope: "operator.read" });`,
    });
    await bench.host.start();
    expect(Object.fromEntries(bench.host.records().map(({ id, status }) => [id, status]))).toEqual({
      unowned: "error",
      wide: "error",
      works: "loaded",
    });
    expect((await bench.host.inspect("works"))?.metadata?.ui).toEqual({
      themes: [],
      dashboard: { ...manifest.dashboard, actionVerbs: [] },
    });
  });
});
