import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { MAX_DESCRIBED_IMAGES } from "../../src/runtime/media-understanding/describe-images.ts";
import type { Fixture } from "../contract/support.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { pluginBench } from "./support.ts";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const OGG = Buffer.concat([Buffer.from("OggS"), Buffer.alloc(60)]);

interface Asked {
  path: string;
  key: string | undefined;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

type Answer = (asked: Asked, response: ServerResponse) => void | Promise<void>;

/** A model server: chat completions, transcriptions and a search, as they are on the wire. */
async function modelServer(answer: Answer = speak) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const one = {
      path: request.url ?? "",
      key: request.headers.authorization,
      headers: request.headers,
      body: Buffer.concat(chunks),
    };
    asked.push(one);
    await answer(one, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` };
}

async function speak({ path, headers, body }: Asked, response: ServerResponse) {
  const json = (value: object) =>
    response.setHeader("content-type", "application/json").end(JSON.stringify(value));
  if (path.startsWith("/v1/audio/transcriptions")) {
    const form = await formOf({ headers, body });
    json({ text: `heard ${(form.get("file") as File).size} bytes\n` });
  } else if (path.startsWith("/v1/chat/completions")) {
    const { messages, stream } = JSON.parse(body.toString());
    const images = messages[0].content.filter((part: { type: string }) => part.type !== "text").length;
    const content = `saw ${images}`;
    if (!stream) return void json({ choices: [{ message: { content: [{ type: "text", text: content }] } }] });
    response.setHeader("content-type", "text/event-stream");
    response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
    response.write(`data: ${JSON.stringify({ choices: [{ delta: {}, finish_reason: "stop" }] })}\n\n`);
    response.end("data: [DONE]\n\n");
  } else if (path.startsWith("/v1/search")) {
    json({ results: [{ title: path }] });
  } else {
    response.writeHead(404).end();
  }
}

function formOf({ headers, body }: Pick<Asked, "headers" | "body">): Promise<FormData> {
  const type = headers["content-type"] as string;
  return new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
}

const partsOf = (asked: Asked | undefined) => JSON.parse(String(asked?.body)).messages[0].content;

/** The company plugin of the seeds: its functions know the provider and the model, the host the rest. */
const COMPANY: Partial<Fixture> = {
  manifest: { contracts: { mediaUnderstandingProviders: ["exampleai"] } },
  head: `import { describeImageWithModel, describeOpenAiCompatibleVideo, transcribeOpenAiCompatibleAudio } from "openclaw/plugin-sdk/media-understanding";`,
  register: `
    api.registerMediaUnderstandingProvider({
      id: "exampleai", capabilities: ["image", "audio", "video"], defaultModels: { image: "vision-1", audio: "hear-1" },
      async describeImage(req) {
        return describeImageWithModel({ provider: "exampleai", model: req.model, input: req.input });
      },
      async transcribeAudio(req) {
        return transcribeOpenAiCompatibleAudio({ provider: "exampleai", model: req.model, input: req.input });
      },
      async describeVideo(req) {
        return describeOpenAiCompatibleVideo({ ...req, provider: "exampleai", defaultModel: "watch-1" });
      },
    });`,
};

async function company(server: { url: string }, more: Record<string, unknown> = {}) {
  const folder = await temporaryFolder();
  const files = {
    image: join(folder, "picture.png"),
    audio: join(folder, "voice.ogg"),
    video: join(folder, "clip.mp4"),
  };
  await writeFile(files.image, PNG);
  await writeFile(files.audio, OGG);
  await writeFile(files.video, "a film");
  const row = {
    baseUrl: server.url,
    apiKey: "sk-company-key",
    models: [{ id: "vision-1", input: ["text", "image"] }],
  };
  const bench = await pluginBench({
    probe: COMPANY,
    config: { models: { providers: { exampleai: row } }, ...more },
  });
  return { ...bench, files };
}

const UNDERSTAND = `const runtime = api.runtime.mediaUnderstanding;
  return { image: await runtime.describeImageFile({ filePath: params.image, prompt: "What is it?" }),
    audio: await runtime.transcribeAudioFile({ filePath: params.audio, language: "de", prompt: "names: Ada" }),
    video: await runtime.describeVideoFile({ filePath: params.video }) };`;

describe("media understanding made of the SDK's functions", () => {
  it("[F017] [F029] [F040] pictures go to the provider's model, sound and films to its endpoints, as on the wire", async () => {
    const server = await modelServer();
    const { run, files } = await company(server);
    const { image, audio, video } = await run(UNDERSTAND, files);
    expect(image).toMatchObject({ text: "saw 1", provider: "exampleai", model: "vision-1" });
    expect(audio).toMatchObject({ text: "heard 64 bytes", provider: "exampleai", model: "hear-1" });
    expect(video).toMatchObject({ text: "saw 1", provider: "exampleai", model: "watch-1" });
    const [saw, heard, watched] = server.asked;
    expect(server.asked.map(({ key }) => key)).toEqual(Array(3).fill("Bearer sk-company-key"));
    expect(partsOf(saw)).toEqual([
      { type: "text", text: "What is it?" },
      { type: "image_url", image_url: { url: `data:image/png;base64,${PNG.toString("base64")}` } },
    ]);
    expect(heard?.path).toBe("/v1/audio/transcriptions");
    expect(heard?.headers["content-type"]).toMatch(/^multipart\/form-data; boundary=/);
    const form = await formOf(heard as Asked);
    expect([...form.keys()]).toEqual(["file", "model", "language", "prompt"]);
    expect([form.get("model"), form.get("language"), form.get("prompt")]).toEqual([
      "hear-1",
      "de",
      "names: Ada",
    ]);
    const file = form.get("file") as File;
    expect([file.name, file.type, Buffer.from(await file.arrayBuffer()).equals(OGG)]).toEqual([
      "voice.ogg",
      "audio/ogg",
      true,
    ]);
    expect(partsOf(watched)[1]).toEqual({
      type: "video_url",
      video_url: { url: `data:video/mp4;base64,${Buffer.from("a film").toString("base64")}` },
    });
  });

  it("[F017] the operator's address for a capability takes the place of the provider's own", async () => {
    const [models, ears] = [await modelServer(), await modelServer()];
    const { run, files } = await company(models, {
      tools: { media: { audio: { baseUrl: `${ears.url}/`, headers: { "x-team": "blue" } } } },
    });
    const { text } = await run(
      `return api.runtime.mediaUnderstanding.transcribeAudioFile({ filePath: params.audio })`,
      files,
    );
    expect(text).toBe("heard 64 bytes");
    expect(models.asked).toEqual([]);
    expect(ears.asked[0]?.headers["x-team"]).toBe("blue");
  });

  it("[F017] the first sound of a message is heard before it is decided whom the message is for", async () => {
    const server = await modelServer();
    const { run, files } = await company(server);
    const heard = await run(
      `const { transcribeFirstAudio } = await sdk("media-runtime");
       const ask = async (...media) => (await transcribeFirstAudio({ ctx: { media }, cfg: api.config })) ?? null;
       return [
         await ask({ path: params.image, contentType: "image/png" }, { path: params.audio, kind: "audio" }),
         await ask({ path: params.image, contentType: "image/png" }),
       ];`,
      files,
    );
    expect(heard).toEqual(["heard 64 bytes", null]);
    expect(server.asked).toHaveLength(1);
  });

  it("[F017] several pictures in one question, with the body changed before it goes out", async () => {
    const server = await modelServer();
    const { run } = await company(server);
    const two = await run(`
      const sdk2 = await sdk("media-understanding");
      const images = [{ buffer: Buffer.from("one"), mime: "image/webp" }, { buffer: Buffer.from("two"), fileName: "b.jpg" }];
      const request = { provider: "exampleai", model: "vision-1", images, cfg: api.config };
      const changed = await sdk2.describeImagesWithModelPayloadTransform(request, (body) => ({ ...body, top_k: 3 }));
      const listed = await sdk2.describeImagesWithModel({ ...request, prompt: " " });
      const inline = await sdk2.describeImageWithModel({ provider: "exampleai", model: "vision-1",
        input: "data:image/gif;base64,R0lG", apiKey: "sk-another" });
      return [changed, listed, inline].map(({ text }) => text);`);
    expect(two).toEqual(["saw 2", "saw 2", "saw 1"]);
    const [changed, , inline] = server.asked;
    expect(JSON.parse(String(changed?.body)).top_k).toBe(3);
    expect(
      partsOf(changed).map((part: { image_url?: { url: string } }) => part.image_url?.url.slice(0, 15)),
    ).toEqual([undefined, "data:image/webp", "data:image/jpeg"]);
    expect(inline?.key).toBe("Bearer sk-another");
  });

  it("[F017] refuses what it cannot send, and tells what the server said without the key", async () => {
    const server = await modelServer((_asked, response) => {
      response.writeHead(429, { "content-type": "application/json", "retry-after": "7" });
      response.end(JSON.stringify({ error: { message: "slow down, sk-company-key" } }));
    });
    const { run } = await company(server);
    const call = (name: string, request: string) =>
      run(`return (await sdk("media-understanding")).${name}(${request})`);
    const sound = `buffer: Buffer.from("x"), fileName: "a.mp3"`;
    await expect(
      call("transcribeOpenAiCompatibleAudio", `{ provider: "exampleai", model: "m" }`),
    ).rejects.toThrow("needs the file's bytes");
    await expect(
      call("transcribeOpenAiCompatibleAudio", `{ provider: "exampleai", ${sound} }`),
    ).rejects.toThrow("needs a model");
    await expect(
      call("transcribeOpenAiCompatibleAudio", `{ provider: "nobody", model: "m", ${sound} }`),
    ).rejects.toThrow("set models.providers.nobody.baseUrl");
    await expect(
      call("transcribeOpenAiCompatibleAudio", `{ provider: "exampleai", model: "m", ${sound} }`),
    ).rejects.toThrow("(HTTP 429): slow down, ***");
    await expect(
      call(
        "describeImageWithModel",
        `{ provider: "exampleai", model: "vision-1", buffer: Buffer.from("x") }`,
      ),
    ).rejects.toThrow("slow down");
    const many = `images: Array(${MAX_DESCRIBED_IMAGES + 1}).fill({ buffer: Buffer.from("x") })`;
    await expect(
      call("describeImagesWithModel", `{ provider: "exampleai", model: "vision-1", ${many} }`),
    ).rejects.toThrow(`1 to ${MAX_DESCRIBED_IMAGES} pictures`);
    await expect(
      call("describeImageWithModel", `{ provider: "exampleai", model: "unheard-of-provider" }`),
    ).rejects.toThrow("needs the file's bytes");
  });

  it("[F017] reads the answers of servers that differ", async () => {
    const { run } = await pluginBench();
    expect(
      await run(`const { coerceOpenAiCompatibleVideoText: text, resolveMediaUnderstandingString: string,
          buildOpenAiCompatibleVideoRequestBody: body } = await sdk("media-understanding");
        const says = (message) => text({ choices: [{ message }] }) ?? null;
        return [says({ content: " one " }), says({ content: [{ text: "a" }, { text: "b" }, {}] }),
          says({ content: "", reasoning_content: "thought" }), says({}), text(null) ?? null,
          string(" x ", "y"), string(7, "y"), body({ model: "m", prompt: "p", buffer: Buffer.from("v") }).model];`),
    ).toEqual(["one", "a\nb", "thought", null, null, "x", "y", "m"]);
  });
});

describe("a web search provider made by the SDK", () => {
  const searching = (more = "") => ({
    manifest: { contracts: { webSearchProviders: ["exampleai-search"] } },
    head: `import { createPluginBackedWebSearchProvider } from "openclaw/plugin-sdk/provider-web-search";`,
    register: `
      api.registerWebSearchProvider(createPluginBackedWebSearchProvider({
        id: "exampleai-search", pluginId: "probe", label: "Example", ${more}
        async search({ query, count, apiKey, config, timeoutSeconds, signal }) {
          const url = config.models.providers.exampleai.baseUrl + "/search?q=" + query + "&n=" + count + "&t=" + timeoutSeconds;
          const response = await fetch(url, { headers: { authorization: "Bearer " + apiKey }, signal });
          return response.json();
        },
      }));`,
  });
  const SEARCH = `return (await api.runtime.webSearch.search({ args: params.args, providerId: "exampleai-search" })).result;`;

  async function bench(config: Record<string, unknown> = {}, entry: object = {}, more = "") {
    const server = await modelServer();
    const opened = await pluginBench({
      probe: { ...searching(more), entry: { config: entry } },
      config: { models: { providers: { exampleai: { baseUrl: server.url, models: [] } } }, ...config },
    });
    return { ...opened, server };
  }

  it("[F029] [F046] asks with the plugin's own key, keeps answers, and is detected by that key", async () => {
    const { run, server } = await bench({}, { webSearch: { apiKey: "sk-search" } });
    const query = `tea-${process.pid}`;
    const first = await run(SEARCH, { args: { query } });
    expect(first).toEqual({ results: [{ title: `/v1/search?q=${query}&n=5&t=30` }] });
    expect(server.asked[0]?.key).toBe("Bearer sk-search");
    expect(await run(SEARCH, { args: { query } })).toEqual({ ...first, cached: true });
    expect((await run(SEARCH, { args: { query, count: 99 } })).results[0].title).toContain("&n=10&");
    expect(server.asked).toHaveLength(2);
    const detected = await run(`return api.runtime.webSearch.search({ args: { query: "x" } });`);
    expect(detected.provider).toBe("exampleai-search");
    expect(await run(SEARCH, { args: { query: " " } })).toMatchObject({ error: "missing_query" });
  });

  it("[F029] takes the key of the shared settings, and tells the model where a missing one belongs", async () => {
    const shared = {
      tools: { web: { search: { "exampleai-search": { apiKey: "sk-shared" }, timeoutSeconds: 3 } } },
    };
    const { run, server } = await bench(shared);
    await run(SEARCH, { args: { query: `cake-${process.pid}` } });
    expect([server.asked[0]?.key, server.asked[0]?.path]).toEqual([
      "Bearer sk-shared",
      expect.stringMatching(/&t=3$/),
    ]);
    const without = await bench({}, {}, `envVars: ["EXAMPLEAI_KEY_THAT_IS_NOT_SET"],`);
    const refused = await without.run(SEARCH, { args: { query: "cake" } });
    expect(refused.message).toContain("plugins.entries.probe.config.webSearch.apiKey");
    expect(refused.message).toContain("EXAMPLEAI_KEY_THAT_IS_NOT_SET");
    expect(without.server.asked).toEqual([]);
    const free = await bench({}, {}, `requiresCredential: false, envVars: [],`);
    expect((await free.run(SEARCH, { args: { query: `free-${process.pid}` } })).results).toHaveLength(1);
  });

  it("[F029] has every member a provider needs, keeps those it was given, and refuses to be empty", async () => {
    const { run } = await pluginBench();
    const made = await run(`
      const { createPluginBackedWebSearchProvider: create } = await sdk("provider-web-search");
      const provider = create({ id: "my.search", search: () => ({}), hint: "mine", autoDetectOrder: 7 });
      const section = {}, draft = {};
      provider.setCredentialValue(section, "k1");
      provider.setConfiguredCredentialValue(draft, "k2");
      const failures = [() => create({ id: " ", search() {} }), () => create({ id: "x" })].map((attempt) => {
        try { attempt(); return "made"; } catch (error) { return error.message; }
      });
      const tool = create({ id: "own", createTool: () => "own tool" }).createTool({});
      return { members: Object.keys(provider), hint: provider.hint, order: provider.autoDetectOrder, envVars: provider.envVars,
        read: [provider.getCredentialValue(section), provider.getConfiguredCredentialValue(draft)], failures, tool };`);
    expect(made.members).toEqual(
      expect.arrayContaining([
        ...["id", "label", "hint", "envVars", "placeholder", "signupUrl", "credentialPath"],
        ...["getCredentialValue", "setCredentialValue", "createTool", "applySelectionConfig"],
      ]),
    );
    expect(made).toMatchObject({
      hint: "mine",
      order: 7,
      envVars: ["MY_SEARCH_API_KEY"],
      read: ["k1", "k2"],
      failures: [expect.stringContaining("needs an id"), expect.stringContaining("createTool(context)")],
      tool: "own tool",
    });
  });
});
