import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { contract } from "./support.ts";

/** A feature plugin: it knows capabilities, no vendor. */
const FEATURE = {
  id: "feature",
  register: `
    const route = (name, run) => api.registerGatewayMethod("feature." + name, ({ params }) => run(params), { scope: "operator.read" });
    route("speak", (params) => api.runtime.tts.textToSpeech(params));
    route("call", async (params) => {
      const { audioBuffer, ...rest } = await api.runtime.tts.textToSpeechTelephony(params);
      return { ...rest, bytes: audioBuffer?.length };
    });
    route("voices", async (params) => ({ voices: await api.runtime.tts.listVoices(params) }));
    route("search", (params) => api.runtime.webSearch.search(params));
    route("engines", () => ({ ids: api.runtime.webSearch.listProviders().map(({ id }) => id) }));
    route("look", ({ how, ...params }) => api.runtime.mediaUnderstanding[how](params));`,
};

const speaker = (id: string, members: string) => ({
  id,
  manifest: { contracts: { speechProviders: [id] } },
  register: `api.registerSpeechProvider({ id: "${id}", label: "${id}", isConfigured: () => true, ${members} });`,
});

const says = (word: string) =>
  `async synthesize({ text, target, providerConfig }) {
    const audioBuffer = Buffer.from(["${word}", text, target, providerConfig.voice].join("|"));
    return { audioBuffer, outputFormat: "mp3", fileExtension: ".mp3", voiceCompatible: true };
  }`;

describe("speech", () => {
  it("[F187] [F213] the host chooses and falls back, the vendor only synthesises, and calls get PCM", async () => {
    const { call, stateDir } = await contract(
      [
        FEATURE,
        speaker(
          "high",
          `autoSelectOrder: 2, ${says("high")},
           async synthesizeTelephony({ text }) { return { audioBuffer: Buffer.from(text), outputFormat: "pcm", sampleRate: 8000 }; },
           async listVoices() { return [{ id: "anna", name: "Anna" }]; }`,
        ),
        speaker("low", `autoSelectOrder: 1, voices: ["eve"], ${says("low")}`),
        speaker("broken", `aliases: ["flaky"], async synthesize() { throw new Error("out of credit"); }`),
      ],
      { config: { messages: { tts: { provider: "flaky", providers: { low: { voice: "eve" } } } } } },
    );
    const spoken = await call("feature.speak", { text: " hello " });
    expect(spoken).toMatchObject({ success: true, provider: "low", fallbackFrom: "broken" });
    expect(spoken.attempts).toEqual([
      { provider: "broken", outcome: "failed", reason: "out of credit" },
      { provider: "low", outcome: "success" },
    ]);
    expect(spoken.audioPath.startsWith(join(stateDir, "media", "tts"))).toBe(true);
    expect(await readFile(spoken.audioPath, "utf8")).toBe("low|hello|audio-file|eve");
    const chosen = { text: "x", target: "voice-note", overrides: { provider: "HIGH" } };
    expect(await call("feature.speak", chosen)).toMatchObject({ provider: "high", target: "voice-note" });
    expect(await call("feature.call", { text: "hello" })).toMatchObject({
      success: true,
      provider: "high",
      sampleRate: 8000,
      bytes: 5,
    });
    expect((await call("feature.voices", { provider: "high" })).voices).toEqual([
      { id: "anna", name: "Anna" },
    ]);
    expect((await call("feature.voices", { provider: "low" })).voices).toEqual([{ id: "eve" }]);
  });

  it("[F213] answers with the reason instead of throwing when nobody can speak", async () => {
    const { call, refusal } = await contract([
      FEATURE,
      speaker("empty", `async synthesize() { return { audioBuffer: Buffer.alloc(0) }; }`),
    ]);
    expect(await call("feature.speak", { text: "x" })).toMatchObject({
      success: false,
      error: expect.stringContaining("empty: it gave no audio"),
    });
    expect((await call("feature.speak", { text: " " })).success).toBe(false);
    expect((await call("feature.speak", { text: "x".repeat(4_096) })).attempts).toHaveLength(1);
    expect((await call("feature.speak", { text: "x".repeat(4_097) })).attempts).toHaveLength(0);
    expect((await refusal("feature.voices", { provider: "nobody" })).message).toContain("nobody");
  });
});

const engine = (id: string, members = "", execute = `async (args) => ({ by: "${id}", ...args })`) => ({
  id,
  manifest: { contracts: { webSearchProviders: [id] } },
  register: `api.registerWebSearchProvider({ id: "${id}", label: "l", hint: "h", envVars: ["${id.toUpperCase()}_KEY"],
    placeholder: "p", signupUrl: "u", credentialPath: "c", setCredentialValue() {},
    getCredentialValue: (section) => section?.["${id}"]?.apiKey,
    createTool: () => ({ description: "d", parameters: {}, execute: ${execute} }), ${members} });`,
});

describe("web search", () => {
  const plugins = [
    FEATURE,
    engine("paid", "autoDetectOrder: 2"),
    engine("first", "autoDetectOrder: 1", `async () => { throw new Error("no quota"); }`),
    engine("free", "requiresCredential: false, autoDetectOrder: 3"),
    engine("keyless", "autoDetectOrder: 0"),
  ];
  const args = { query: "tides", count: 2 };

  it("[F217] finds a provider with a credential, in order, and asks the next when one fails", async () => {
    const search = { first: { apiKey: "a" }, paid: { apiKey: "b" } };
    const { call } = await contract(plugins, { config: { tools: { web: { search } } } });
    expect((await call("feature.engines")).ids).toEqual(["keyless", "first", "paid", "free"]);
    expect(await call("feature.search", { args })).toEqual({
      provider: "paid",
      result: { by: "paid", ...args },
    });
  });

  it("[F217] takes one that needs no credential last, and a key from the environment as one", async () => {
    const bare = await contract(plugins);
    expect((await bare.call("feature.search", { args })).provider).toBe("free");
    const { call } = await contract(plugins, { gateway: { env: { PAID_KEY: "k" } } });
    expect((await call("feature.search", { args })).provider).toBe("paid");
  });

  it("[F217] asks only the provider that was named, and nobody when search is off", async () => {
    const named = { config: { tools: { web: { search: { provider: "first" } } } } };
    const { refusal, call } = await contract(plugins, named);
    expect((await refusal("feature.search", { args })).message).toContain("no quota");
    expect((await call("feature.search", { args, providerId: "keyless" })).provider).toBe("keyless");
    expect((await refusal("feature.search", { args, providerId: "gone" })).message).toContain("gone");
    const off = await contract(plugins, { config: { tools: { web: { search: { enabled: false } } } } });
    expect((await off.refusal("feature.search", { args })).message).toBe(
      "web_search is disabled or no provider is available.",
    );
  });

  it("[F186] [F191] a feature reaches any vendor through the host and never changes with it", async () => {
    const two = [FEATURE, engine("one"), engine("two")];
    const answers: string[] = [];
    for (const provider of ["one", "two"]) {
      const { call } = await contract(two, { config: { tools: { web: { search: { provider } } } } });
      answers.push((await call("feature.search", { args })).result.by);
    }
    expect(answers).toEqual(["one", "two"]);
    expect(FEATURE.register).not.toMatch(/"one"|"two"/);
  });

  it("[F191] what is no part of the contract can neither be used nor added", async () => {
    const { call } = await contract({
      register: `
        const tried = (work) => { try { return String(work()); } catch (error) { return error.code ?? error.name; } };
        api.registerGatewayMethod("probe.try", () => ({
          runtime: tried(() => api.runtime.vendor.secret()),
          member: tried(() => api.runtime.webSearch.buyQuota()),
        }), { scope: "operator.read" });`,
    });
    expect(await call("probe.try")).toEqual({
      runtime: "RUNTIME_MEMBER_MISSING",
      member: "RUNTIME_MEMBER_MISSING",
    });
  });
});

describe("media understanding", () => {
  const eye = (id: string, members: string) => ({
    id,
    manifest: { contracts: { mediaUnderstandingProviders: [id] } },
    register: `api.registerMediaUnderstandingProvider({ id: "${id}", resolveAuth: () => ({ kind: "none", source: "test" }), ${members} });`,
  });
  const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452000000020000000308", "hex");

  async function files() {
    const folder = await temporaryFolder();
    await mkdir(folder, { recursive: true });
    const write = async (name: string, contents: Buffer | string) => {
      const path = join(folder, name);
      await writeFile(path, contents);
      return path;
    };
    return { image: await write("picture", PNG), audio: await write("note.mp3", "ID3"), write };
  }

  it("[F214] describes images, audio and video through whoever can, by priority, then by what is left", async () => {
    const { image, audio } = await files();
    const { call } = await contract([
      FEATURE,
      eye(
        "sharp",
        `capabilities: ["image"], autoPriority: { image: 1 }, async describeImage() { throw new Error("blind"); }`,
      ),
      eye(
        "calm",
        `capabilities: ["image", "audio"], defaultModels: { image: "m1" },
         async describeImage({ mime, model, buffer, fileName }) { return { text: [mime, model, buffer.length, fileName].join(" ") }; },
         async transcribeAudio({ mime, language }) { return { text: "heard " + mime + " " + language, model: "ear" }; }`,
      ),
      eye("film", `capabilities: ["video"], async describeVideo() { return { text: "a film" }; }`),
    ]);
    const look = (how: string, params: object) => call("feature.look", { how, ...params });
    const seen = await look("describeImageFile", { filePath: image });
    expect(seen).toMatchObject({ text: "image/png m1 25 picture", provider: "calm", model: "m1" });
    expect(seen.decision.attempts[0]).toEqual({ provider: "sharp", outcome: "failed", reason: "blind" });
    const heard = { text: "heard audio/mpeg de", provider: "calm", model: "ear" };
    expect(await look("transcribeAudioFile", { filePath: audio, language: "de" })).toMatchObject(heard);
    expect(await look("runFile", { filePath: audio, language: "de" })).toMatchObject(heard);
    expect((await look("describeVideoFile", { filePath: audio })).text).toBe("a film");
  });

  it("[F215] says nothing, and why, when it is off, too large, unknown or without a provider", async () => {
    const { image, audio, write } = await files();
    const provider = eye(
      "calm",
      `capabilities: ["image", "video"], async describeImage() { return { text: "seen" }; }`,
    );
    const media = { image: { maxBytes: PNG.length }, video: { enabled: false } };
    const { call } = await contract([FEATURE, provider], { config: { tools: { media } } });
    const look = (how: string, filePath: string) => call("feature.look", { how, filePath });
    expect((await look("describeImageFile", image)).text).toBe("seen");
    const large = await write("large.png", Buffer.concat([PNG, Buffer.alloc(1)]));
    const text = await write("a.txt", "words");
    for (const [how, path, why] of [
      ["describeImageFile", large, /larger/],
      ["describeVideoFile", image, /disabled/],
      ["transcribeAudioFile", audio, /no provider/],
      ["runFile", text, /no provider/],
    ] as const) {
      const answer = await look(how, path);
      expect(answer).not.toHaveProperty("text");
      expect(answer.decision.reason).toMatch(why);
    }
  });

  it("[F214] extracts structured data with the named model and checks it against the schema", async () => {
    const { call, refusal } = await contract([
      FEATURE,
      eye(
        "form",
        `async extractStructured({ model, instructions }) { return { text: JSON.stringify({ total: instructions.length, model }) }; }`,
      ),
      eye("plain", ``),
    ]);
    const image = { type: "image", fileName: "a.png" };
    const ask = {
      how: "extractStructuredWithModel",
      provider: "form",
      model: "m",
      instructions: "abc",
      input: [image],
    };
    const schema = (type: string) => ({
      type: "object",
      properties: { total: { type } },
      required: ["total"],
    });
    expect(await call("feature.look", { ...ask, jsonSchema: schema("number") })).toMatchObject({
      parsed: { total: 3, model: "m" },
      provider: "form",
      contentType: "json",
    });
    const code = async (change: object) => (await refusal("feature.look", { ...ask, ...change })).message;
    expect(await code({ jsonSchema: schema("string") })).toContain("schema");
    expect(await code({ input: [{ type: "text", text: "x" }] })).toContain("image");
    expect(await code({ provider: "plain" })).toContain('"plain"');
    expect(await code({ provider: "gone" })).toContain('"gone"');
  });
});

describe("ids", () => {
  it("[F052] [F035] [F037] count without the spaces around them", async () => {
    const { call } = await contract([
      {
        manifest: { contracts: { embeddingProviders: ["vectors"], speechProviders: ["mouth"] } },
        register: `
          api.registerEmbeddingProvider({ id: " vectors ", create() {} });
          api.registerSpeechProvider({ id: " Mouth", label: "M", isConfigured: () => true, synthesize: async () => ({}) });
          api.registerProvider({ id: "acme ", label: "Acme", auth: [] });
        `,
      },
      FEATURE,
    ]);
    const { plugin, diagnostics } = await call("plugins.inspect", { pluginId: "probe" });
    expect(diagnostics).toEqual([]);
    expect(plugin).toMatchObject({
      embeddingProviderIds: ["vectors"],
      speechProviderIds: ["mouth"],
      providerIds: ["acme"],
    });
    expect((await call("feature.voices", { provider: "mouth" })).voices).toEqual([]);
  });
});

describe("model providers", () => {
  it("[F031] [F052] keep what is sound of their sign-ins, and say what is not", async () => {
    const { call } = await contract([
      {
        register: `
          const method = (id, label) => ({ id, label, kind: "api_key", run: async () => ({ profiles: [] }) });
          api.registerProvider({ id: "twice", label: "Twice", auth: [method("key", "One"), method("key", "Two"), method(undefined, "None")] });
          api.registerProvider({ id: "lost", label: "Lost", auth: [method("key", "Key")], wizard: { setup: { methodId: "gone" }, modelPicker: { methodId: "key" } } });
          api.registerProvider({ id: "open", label: "Open", auth: [], wizard: { setup: { choiceId: "open" } } });`,
      },
      { id: "rival", register: `api.registerProvider({ id: "TWICE", label: "Rival", auth: [] });` },
    ]);
    const complaints = async (pluginId: string) =>
      (await call("plugins.inspect", { pluginId })).diagnostics.map(
        ({ level, code, message }: Record<string, string>) => [level, code, message],
      );
    expect(await complaints("probe")).toEqual([
      ["error", "registration-malformed", expect.stringContaining("authentication method")],
      ["warn", "registration-malformed", expect.stringMatching(/wizard\.setup.*"gone".*key is used/)],
      ["warn", "registration-malformed", expect.stringMatching(/"open".*is ignored/)],
    ]);
    expect(await complaints("rival")).toEqual([
      ["error", "registration-duplicate", expect.stringContaining('plugin "probe"')],
    ]);
    const { capabilities, shape } = await call("plugins.inspect", { pluginId: "probe" });
    expect(capabilities).toEqual([{ kind: "text-inference", ids: ["twice", "lost", "open"] }]);
    expect(shape).toBe("plain-capability");
    // What lost its name registers nothing.
    expect((await call("plugins.inspect", { pluginId: "rival" })).capabilities).toEqual([]);
  });
});

describe("fetching web pages", () => {
  const fetcher = (id: string, order: number, key: string, body: string) => ({
    id,
    manifest: { activation: {}, contracts: { webFetchProviders: [id] } },
    register: `
      api.registerWebFetchProvider({ id: "${id}", label: "${id}", hint: "h", envVars: [], placeholder: "k", signupUrl: "https://example.test",
        credentialPath: "tools.web.fetch.${id}.key", autoDetectOrder: ${order},
        getCredentialValue: (section) => section?.["${key}"], setCredentialValue() {},
        createTool: (ctx) => ({ description: "reads with ${id}", parameters: { type: "object", properties: { url: { type: "string" } } },
          async execute(args) { seen.push({ args, config: typeof ctx.config, fetchConfig: ctx.fetchConfig }); ${body} } }) });`,
  });
  const pair = [
    fetcher("first", 1, "one", `throw new Error("blocked");`),
    fetcher("second", 2, "two", `return { text: "page of " + args.url };`),
  ];

  it("[F045] web_fetch asks the providers with a key in their order, and the chosen one alone", async () => {
    const both = await contract(pair, { config: { tools: { web: { fetch: { one: "k", two: "k" } } } } });
    const call = `/tool web_fetch {"url":"https://example.test/a"}`;
    expect(await both.say(call)).toContain("page of https://example.test/a");
    expect(await both.seen("second")).toEqual([
      { args: { url: "https://example.test/a" }, config: "object", fetchConfig: { one: "k", two: "k" } },
    ]);
    expect((await both.call("plugins.inspect", { pluginId: "first" })).plugin.webFetchProviderIds).toEqual([
      "first",
    ]);
    const chosen = await contract(pair, {
      config: { tools: { web: { fetch: { provider: "first", one: "k", two: "k" } } } },
    });
    expect(await chosen.say(call)).toContain("the web fetch failed (first: blocked)");
    const off = await contract(pair, { config: { tools: { web: { fetch: { enabled: false } } } } });
    expect(await off.say(call)).toContain("no tool named web_fetch");
  });
});
