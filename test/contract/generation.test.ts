import { describe, expect, it } from "vitest";
import { contract } from "./support.ts";

/** A feature plugin: it knows what it wants made and no vendor. */
const FEATURE = {
  id: "feature",
  register: `
    api.registerGatewayMethod("feature.make", async ({ params: { what, ...params } }) => {
      const result = await api.runtime[what + "Generation"].generate(params);
      const read = (list) => list?.map(({ buffer, ...rest }) => ({ ...rest, said: buffer && Buffer.from(buffer).toString() }));
      return { ...result, images: read(result.images), videos: read(result.videos), tracks: read(result.tracks) };
    }, { scope: "operator.read" });
    api.registerGatewayMethod("feature.providers", ({ params: { what } }) =>
      ({ ids: api.runtime[what + "Generation"].listProviders({ cfg: api.config }).map(({ id }) => id) }), { scope: "operator.read" });`,
};

const METHODS = { image: "generateImage", video: "generateVideo", music: "generateMusic" };

/** A vendor whose function has this body; \`req\` is what it was asked. */
const vendor = (what: keyof typeof METHODS, id: string, members: string, body: string, kind = what) => ({
  id,
  manifest: {
    activation: {},
    contracts: { [`${what}GenerationProviders`]: [id] },
  },
  register: `api.register${kind[0]?.toUpperCase()}${kind.slice(1)}GenerationProvider({ id: "${id}", ${members}
    async ${METHODS[what]}(req) { seen.push({ ...req, cfg: typeof req.cfg }); ${body} } });`,
});

const IMAGE = `return { images: [{ buffer: Buffer.from(req.provider + ":" + req.model + ":" + req.prompt), mimeType: "image/png" }] };`;

describe("images, videos and music", () => {
  it("[F042] the host chooses a provider, gives it what it takes and goes on when it fails", async () => {
    const { call, seen } = await contract(
      [
        FEATURE,
        vendor("image", "broken", `capabilities: { generate: {} },`, `throw new Error("out of credit");`),
        vendor("image", "empty", `capabilities: { generate: {} },`, `return { images: [] };`),
        vendor(
          "image",
          "painter",
          `aliases: ["brush"], defaultModel: "oil", capabilities: { generate: { maxCount: 2, supportsSize: true },
             geometry: { sizes: ["1024x1024"] }, output: { formats: ["png"] }, edit: { enabled: false } },`,
          IMAGE,
        ),
        vendor(
          "image",
          "unset",
          `isConfigured: () => false, capabilities: { generate: {} },`,
          `throw new Error("never asked");`,
        ),
      ],
      {
        config: {
          agents: { defaults: { imageGenerationModel: { primary: "broken/a", fallbacks: ["nobody/x"] } } },
        },
      },
    );
    const wish = { prompt: "a robot", size: "1024x1024", aspectRatio: "1:1", outputFormat: "webp", count: 5 };
    const made = await call("feature.make", { what: "image", ...wish });
    expect(made).toMatchObject({
      provider: "painter",
      model: "oil",
      images: [{ said: "painter:oil:a robot", mimeType: "image/png" }],
      ignoredOverrides: [
        { key: "aspectRatio", value: "1:1" },
        { key: "outputFormat", value: "webp" },
      ],
      normalization: { count: { requested: 5, applied: 2 } },
    });
    expect(made.attempts).toEqual([
      { provider: "broken", model: "a", outcome: "failed", reason: "out of credit" },
      { provider: "nobody", model: "x", outcome: "skipped", reason: expect.stringContaining("no plugin") },
      { provider: "broken", model: "default", outcome: "failed", reason: "out of credit" },
      { provider: "empty", model: "default", outcome: "failed", reason: "it made nothing" },
      { provider: "painter", model: "oil", outcome: "success" },
    ]);
    const [asked] = await seen("painter");
    expect(asked).toMatchObject({ prompt: "a robot", size: "1024x1024", count: 2, cfg: "object" });
    expect(asked).not.toHaveProperty("aspectRatio");
    expect((await call("feature.providers", { what: "image" })).ids).toEqual([
      "broken",
      "empty",
      "painter",
      "unset",
    ]);
    const chosen = { what: "image", args: { prompt: "x", modelOverride: "BRUSH/water" } };
    expect(await call("feature.make", chosen)).toMatchObject({ provider: "painter", model: "water" });
  });

  it("[F042] says what each provider answered, and what to do where there is none", async () => {
    const { refusal, call } = await contract([
      FEATURE,
      vendor("image", "painter", `capabilities: { generate: {}, edit: { enabled: false } },`, IMAGE),
    ]);
    const edit = { what: "image", prompt: "x", inputImages: [{ buffer: "", mimeType: "image/png" }] };
    expect((await refusal("feature.make", edit)).message).toContain('painter/default: it has no mode "edit"');
    expect((await refusal("feature.make", { what: "video", prompt: "x" })).message).toContain("no plugin");
    expect((await refusal("feature.make", { what: "image", prompt: " " })).message).toContain("prompt");
    const only = { what: "image", prompt: "x", modelOverride: "nobody/x", autoProviderFallback: false };
    expect((await refusal("feature.make", only)).message).toContain("nobody/x: no plugin registers it");
    expect(
      (await call("plugins.inspect", { pluginId: "painter" })).plugin.imageGenerationProviderIds,
    ).toEqual(["painter"]);
  });

  it("[F044] a video's length is brought to what there is, and foreign options make the wrong provider", async () => {
    const film = (id: string, options: string) =>
      vendor(
        "video",
        id,
        `capabilities: { generate: { supportedDurationSeconds: [4, 8], supportsAudio: true, providerOptions: { ${options} } },
           imageToVideo: { enabled: true, maxInputImages: 1 } },`,
        `return { videos: [{ url: "https://example.test/" + req.durationSeconds, mimeType: "video/mp4" }] };`,
      );
    const { call, refusal } = await contract([
      FEATURE,
      film("alpha", `seed: "string"`),
      film("beta", `seed: "number"`),
    ]);
    const made = await call("feature.make", {
      what: "video",
      prompt: "waves",
      durationSeconds: 7,
      audio: true,
      watermark: true,
      providerOptions: { seed: 3 },
    });
    expect(made).toMatchObject({
      provider: "beta",
      videos: [{ url: "https://example.test/8" }],
      ignoredOverrides: [{ key: "watermark", value: true }],
      normalization: { durationSeconds: { requested: 7, applied: 8 } },
      attempts: [{ provider: "alpha", outcome: "skipped", reason: 'its option "seed" is a string' }, {}],
    });
    const two = { what: "video", prompt: "x", inputImages: [{}, {}] };
    expect((await refusal("feature.make", two)).message).toContain("1 images at most, not 2");
  });

  it("[F043] music comes with its words", async () => {
    const { call } = await contract([
      FEATURE,
      vendor(
        "music",
        "band",
        `capabilities: { supportsLyrics: true, supportsFormat: true, supportedFormats: ["mp3"], maxDurationSeconds: 30, supportsDuration: true },`,
        `return { tracks: [{ buffer: Buffer.from("la " + req.durationSeconds), mimeType: "audio/mpeg" }], lyrics: [req.lyrics] };`,
      ),
    ]);
    expect(
      await call("feature.make", {
        what: "music",
        prompt: "x",
        lyrics: "la",
        format: "wav",
        instrumental: true,
        durationSeconds: 60,
      }),
    ).toMatchObject({
      provider: "band",
      tracks: [{ said: "la 30" }],
      lyrics: ["la"],
      ignoredOverrides: [
        { key: "instrumental", value: true },
        { key: "format", value: "wav" },
      ],
    });
  });
});
