import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { isPidAlive } from "../../src/plugin-sdk/process-runtime.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { contract, type Fixture } from "./support.ts";

/** Runs a piece of plugin code with `api`, `params` and `kept` (values held between calls). */
const RUN = `
  const kept = {};
  const AsyncFunction = (async () => {}).constructor;
  api.registerGatewayMethod("probe.run", async ({ params }) => {
    try {
      const result = await new AsyncFunction("api", "kept", "params", params.code)(api, kept, params);
      return { result: result ?? null };
    } catch (error) {
      return { error: { name: error.name, code: error.code ?? null, message: error.message } };
    }
  }, { scope: "operator.read" });`;

/** Resolves when none of these processes runs any more. */
const gone = (pids: number[]) =>
  vi.waitFor(() => expect(pids.filter(isPidAlive)).toEqual([]), { timeout: 30_000, interval: 20 });

async function bench(more: Partial<Fixture> = {}, options: Parameters<typeof contract>[1] = {}) {
  const lines: string[] = [];
  const gateway = { ...options.gateway, onLog: (line: string) => void lines.push(line) };
  const opened = await contract(
    { ...more, register: `${RUN}${more.register ?? ""}` },
    { ...options, gateway },
  );
  const run = async (code: string, params: object = {}) => {
    const { result, error } = await opened.call("probe.run", { ...params, code });
    if (error) throw Object.assign(new Error(error.message), { name: error.name, code: error.code });
    return result;
  };
  return { ...opened, run, lines };
}

const WRITE = `const { afterWrite, path } = params;
  return await api.runtime.config.mutateConfigFile({ afterWrite, mutate(draft, { previousHash }) {
    draft[path] = { ...draft[path], made: previousHash.length };
    return "done";
  } });`;

describe("api.runtime.config", () => {
  it("[F198] refuses to write without afterWrite, and without the reason of restart and none", async () => {
    const { run, configPath } = await bench();
    const before = await readFile(configPath, "utf8");
    for (const afterWrite of [
      undefined,
      {},
      { mode: "later" },
      { mode: "restart" },
      { mode: "none", reason: " " },
    ]) {
      await expect(run(WRITE, { afterWrite, path: "messages" })).rejects.toMatchObject({ name: "TypeError" });
      const replace = `return await api.runtime.config.replaceConfigFile({ nextConfig: {}, afterWrite: params.afterWrite });`;
      await expect(run(replace, { afterWrite })).rejects.toThrow(/afterWrite/);
    }
    expect(await readFile(configPath, "utf8")).toBe(before);
  });

  it("[F199] answers with afterWrite and what has to follow", async () => {
    const { run } = await bench();
    const auto = await run(WRITE, { afterWrite: { mode: "auto" }, path: "messages" });
    expect(auto).toMatchObject({
      afterWrite: { mode: "auto" },
      followUp: { mode: "auto", requiresRestart: false },
      result: "done",
      nextConfig: { messages: { made: 64 } },
    });
    expect(auto.persistedHash).not.toBe(auto.previousHash);
    const restart = { mode: "restart", reason: "new port" };
    expect((await run(WRITE, { afterWrite: restart, path: "session" })).followUp).toEqual({
      ...restart,
      requiresRestart: true,
    });
    const none = { mode: "none", reason: "read at the next turn" };
    expect((await run(WRITE, { afterWrite: none, path: "media" })).followUp).toEqual({
      ...none,
      requiresRestart: false,
    });
  });

  it("[F202] a write refreshes the snapshot, its identity and its hash; until then both stay", async () => {
    const { run } = await bench();
    await run(`kept.first = api.runtime.config.current();`);
    expect(await run(`return kept.first === api.runtime.config.current();`)).toBe(true);
    await run(WRITE, { afterWrite: { mode: "auto" }, path: "messages" });
    expect(
      await run(`const now = api.runtime.config.current();
        return [now === kept.first, kept.first.messages ?? null, now.messages, Object.isFrozen(now.messages)];`),
    ).toEqual([false, null, { made: 64 }, true]);
  });

  it("[F200] the older load and write work, warn once, and write no resolved secret", async () => {
    const models = {
      providers: { other: { apiKey: { source: "env", provider: "default", id: "PROBE_KEY" } } },
    };
    const { run, configPath, lines } = await bench(
      {},
      {
        config: { models },
        gateway: { env: { PROBE_KEY: "resolved-secret" }, logLevel: "warn" },
      },
    );
    const code = `const config = api.runtime.config.loadConfig();
      const key = config.models.providers.other.apiKey;
      config.messages = { prefix: "x" };
      await api.runtime.config.writeConfigFile(config);
      return [key, api.runtime.config.current().messages];`;
    expect(await run(code)).toEqual(["resolved-secret", { prefix: "x" }]);
    expect(await run(code)).toEqual(["resolved-secret", { prefix: "x" }]);
    const text = await readFile(configPath, "utf8");
    expect(text).not.toContain("resolved-secret");
    expect(JSON.parse(text)).toMatchObject({ models, messages: { prefix: "x" } });
    expect(lines.filter((line) => line.includes("runtime-config-load-write"))).toHaveLength(1);
  });

  it("[F200] [F202] bundled plugins use neither the older calls nor an ambient configuration", async () => {
    const folder = join(import.meta.dirname, "../../extensions");
    for (const name of await readdir(folder, { recursive: true })) {
      if (name.includes("node_modules") || !/\.(ts|js|mjs)$/.test(name)) continue;
      const text = await readFile(join(folder, name), "utf8");
      expect([name, /\b(loadConfig|writeConfigFile)\b/.exec(text)?.[0]]).toEqual([name, undefined]);
    }
  });

  it("[F201] the applicable configuration is the running one unless the caller means another", async () => {
    const { call } = await bench({
      register: `api.registerGatewayMethod("probe.select", async () => {
        const { selectApplicableRuntimeConfig: select } = await import("openclaw/plugin-sdk/runtime-config-snapshot");
        const runtimeConfig = api.runtime.config.current();
        const runtimeSourceConfig = { key: { source: "env", id: "KEY" } };
        const own = { key: "mine" };
        const pair = { runtimeConfig, runtimeSourceConfig };
        return {
          running: [undefined, runtimeConfig, runtimeSourceConfig, structuredClone(runtimeSourceConfig)]
            .map((inputConfig) => select({ ...pair, inputConfig }) === runtimeConfig),
          own: [select({ ...pair, inputConfig: own }), select({ runtimeConfig, inputConfig: own })].map((one) => one === own),
        };
      }, { scope: "operator.read" });`,
    });
    expect(await call("probe.select")).toEqual({ running: [true, true, true, true], own: [true, true] });
  });
});

describe("the configuration tools get", () => {
  it("[F196] a factory sees the running configuration, and asks for the current one later", async () => {
    const { say, run, seen } = await bench({
      manifest: { contracts: { tools: ["probe_tool"] } },
      register: `api.registerTool((ctx) => {
        kept.ctx = ctx;
        seen.push([ctx.runtimeConfig === api.runtime.config.current(), ctx.getRuntimeConfig() === ctx.runtimeConfig]);
        return { name: "probe_tool", description: "d", parameters: { type: "object" }, async execute() { return { content: [] }; } };
      }, { name: "probe_tool" });`,
    });
    await say("hello");
    expect(await seen()).toEqual([[true, true]]);
    await run(WRITE, { afterWrite: { mode: "none", reason: "test" }, path: "messages" });
    expect(
      await run(
        `return [kept.ctx.getRuntimeConfig() === api.runtime.config.current(), kept.ctx.runtimeConfig.messages ?? null];`,
      ),
    ).toEqual([true, null]);
  });
});

describe("api.runtime.agent and llm", () => {
  it("[F208] the default model and provider follow the configuration", async () => {
    const defaults = `return { ...api.runtime.agent.defaults };`;
    expect(await (await bench()).run(defaults)).toEqual({ model: "echo/echo-1", provider: "echo" });
    const config = { agents: { defaults: { model: "acme/large" } } };
    expect(await (await bench({}, { config })).run(defaults)).toEqual({
      model: "acme/large",
      provider: "acme",
    });
  });

  it("[F209] one completion carries who asked, what answered and what it used; overrides need consent", async () => {
    const { run } = await bench();
    const ask = `return await api.runtime.llm.complete({ messages: [{ role: "user", content: "hello" }], ...params.more });`;
    expect(await run(ask)).toMatchObject({
      text: expect.stringContaining("hello"),
      provider: "echo",
      model: "echo-1",
      agentId: "main",
      usage: { totalTokens: expect.any(Number) },
      audit: { caller: { kind: "plugin", id: "probe" } },
    });
    await expect(run(ask, { more: { model: "echo/echo-1" } })).rejects.toThrow(
      "cannot override the target model",
    );
    const allowed = await bench({ entry: { llm: { allowModelOverride: true } } });
    expect(await allowed.run(ask, { more: { model: "echo/echo-1" } })).toMatchObject({ provider: "echo" });
  });

  it("[F223] keys are found for a provider and for a model, with where they come from", async () => {
    const config = { models: { providers: { acme: { apiKey: "key-of-acme" } } } };
    const { run } = await bench({}, { config });
    const provider = `return await api.runtime.modelAuth.resolveApiKeyForProvider({ provider: params.id });`;
    const model = `return await api.runtime.modelAuth.getApiKeyForModel({ model: { provider: params.id, id: "m" } });`;
    const found = await run(provider, { id: "acme" });
    expect(found).toMatchObject({ mode: "api-key", source: expect.any(String) });
    expect(
      await run(
        `return (await api.runtime.modelAuth.resolveApiKeyForProvider({ provider: "acme" })).apiKey.length;`,
      ),
    ).toBe(11);
    expect((await run(model, { id: "acme" })).source).toBe(found.source);
  });

  it("[F223] a missing key is an error that says what to do, unless none is needed", async () => {
    const config = {
      models: { providers: { local: { baseUrl: "http://127.0.0.1:9/v1", api: "openai-completions" } } },
    };
    const { run, call } = await bench(
      {
        register: `
          api.registerProvider({ id: "acme", label: "Acme", auth: [], envVars: ["ACME_TEST_KEY"] });
          api.registerProvider({ id: "maker", label: "Maker", auth: [], envVars: ["MAKER_TEST_KEY"],
            resolveSyntheticAuth: () => ({ apiKey: "made-up", source: "maker", mode: "token" }) });
          api.registerProvider({ id: "told", label: "Told", auth: [], envVars: ["TOLD_TEST_KEY"],
            buildMissingAuthMessage: ({ modelId }) => "log in first" + (modelId ? " for " + modelId : "") });`,
      },
      { config },
    );
    const provider = `return await api.runtime.modelAuth.resolveApiKeyForProvider(params);`;
    const model = `return await api.runtime.modelAuth.getApiKeyForModel(params);`;
    const code = `try { await api.runtime.modelAuth.resolveApiKeyForProvider(params); } catch (error) { return error.code; }`;
    await expect(run(provider, { provider: "acme" })).rejects.toThrow(
      /ACME_TEST_KEY.*providers\.acme\.apiKey/,
    );
    await expect(run(provider, { provider: "nobody" })).rejects.toThrow(
      'No API key for the provider "nobody"',
    );
    expect(await run(code, { provider: "nobody" })).toBe("MODEL_AUTH_MISSING");
    await expect(run(model, { model: { provider: "told", id: "m" } })).rejects.toThrow("log in first for m");
    expect(await run(provider, { provider: "local" })).toEqual({ source: "none", mode: "none" });
    expect(await run(provider, { provider: "echo" })).toEqual({ source: "none", mode: "none" });
    const away = { model: { provider: "acme", id: "m", baseUrl: "http://127.0.0.1:9" } };
    expect(await run(model, away)).toEqual({ source: "none", mode: "none" });
    const length = `return (await api.runtime.modelAuth.resolveApiKeyForProvider(params)).apiKey.length;`;
    expect(await run(length, { provider: "maker" })).toBe("made-up".length);
    const cfg = { models: { providers: { Acme: { apiKey: "of-the-caller" } } } };
    expect(await run(length, { provider: "acme", cfg })).toBe("of-the-caller".length);
    expect((await call("models.list", {})).models).toBeDefined();
  });
});

describe("api.runtime.system, events and logging", () => {
  it("a system event stands before the next prompt once; an empty key is refused", async () => {
    const { run, say } = await bench();
    await say("hello");
    const enqueue = `return api.runtime.system.enqueueSystemEvent(params.event, params.options);`;
    expect(await run(enqueue, { event: "the door opened" })).toBe(true);
    expect(await run(enqueue, { event: "the door opened" })).toBe(false);
    await run(enqueue, { event: { message: "elsewhere", sessionKey: "other" } });
    const answer = await say("what happened?");
    expect(answer).toContain("System: the door opened");
    expect(answer).not.toContain("elsewhere");
    expect(await say("and now?")).not.toContain("System:");
    await expect(run(enqueue, { event: "x", options: { sessionKey: " " } })).rejects.toThrow("session key");
  });

  it("a command runs without a shell and ends in time; a hint names the repair", async () => {
    const { run } = await bench();
    const command = `return await api.runtime.system.runCommandWithTimeout(params.argv, params.options);`;
    const node = (code: string) => [process.execPath, "-e", code];
    expect(await run(command, { argv: node("process.stdout.write('$HOME')"), options: 5_000 })).toMatchObject(
      {
        stdout: "$HOME",
        code: 0,
        termination: "exit",
      },
    );
    expect(
      await run(command, { argv: node("setInterval(() => {}, 1e3)"), options: { timeoutMs: 100 } }),
    ).toMatchObject({ killed: true, termination: "timeout" });
    expect(await run(`return api.runtime.system.formatNativeDependencyHint("sharp");`)).toContain(
      "rebuild sharp",
    );
  });

  it("a command ends with its plugin: when it is disabled, reloaded, and when the gateway stops", async () => {
    const { run, call, gateway } = await bench();
    const start = `return await new Promise((resolve, reject) => {
      const options = { killGraceMs: 100, onOutputChunk: ({ text }) => resolve(Number(text)) };
      api.runtime.system.runCommandWithTimeout(params.argv, options).then(reject, reject);
    });`;
    const hold = "console.log(process.pid); setInterval(() => {}, 1000);";
    const stubborn = `process.on("SIGTERM", () => {}); ${hold}`;
    const started = (code: string) => run(start, { argv: [process.execPath, "-e", code] });
    const pids = await Promise.all([started(hold), started(stubborn)]);
    expect(pids.map(isPidAlive)).toEqual([true, true]);
    await call("plugins.reload", { pluginIds: ["probe"] });
    await gone(pids);

    const kept = await started(stubborn);
    await call("plugins.setEnabled", { pluginId: "probe", enabled: false });
    await gone([kept]);
    await call("plugins.setEnabled", { pluginId: "probe", enabled: true });

    const last = [await started(hold), await started(stubborn)];
    await gateway.stop("the test is over");
    expect(last.map(isPidAlive)).toEqual([false, false]);
  });

  it("[F221] events of turns and transcripts arrive until the listener or the plugin goes", async () => {
    const { run, say, seen, call } = await bench({
      register: `
        api.runtime.events.onAgentEvent(({ stream, runId }) => seen.push(["agent", stream, typeof runId]));
        kept.stop = api.runtime.events.onSessionTranscriptUpdate(({ sessionKey, message }) => seen.push(["transcript", sessionKey, message.role]));`,
    });
    await say("hello");
    const first = await seen();
    expect(first).toContainEqual(["transcript", "agent:main:main", "user"]);
    expect(first).toContainEqual(["transcript", "agent:main:main", "assistant"]);
    expect(first).toContainEqual(["agent", "lifecycle", "string"]);
    await run(`kept.stop();`);
    await say("again");
    const count = (list: unknown[][]) => list.filter(([kind]) => kind === "transcript").length;
    expect(count(await seen())).toBe(count(first));
    await call("plugins.reload", { pluginIds: ["probe"] });
    expect(await seen()).toEqual([]);
    await say("after the reload");
    const fresh = await seen();
    expect(
      fresh.filter(([kind, stream]) => kind === "transcript" && stream === "agent:main:main"),
    ).toHaveLength(2);
  });

  it("[F222] child loggers write for their plugin, with bindings, without secrets; verbose follows the level", async () => {
    const log = `api.runtime.logging.getChildLogger({ part: "sync" }).warn("a line to find", { count: 3, apiKey: "hush-hush" });
      return api.runtime.logging.shouldLogVerbose();`;
    const quiet = await bench({}, { gateway: { logLevel: "info" } });
    expect(await quiet.run(log)).toBe(false);
    const line = quiet.lines.find((one) => one.includes("a line to find")) ?? "";
    expect(line).toContain("probe");
    expect(line).toContain("sync");
    expect(line).toContain('"count":3');
    expect(line).not.toContain("hush-hush");
    expect(await (await bench({}, { gateway: { logLevel: "debug" } })).run(log)).toBe(true);
  });
});

describe("api.runtime.media", () => {
  it("tells types from bytes first, then from a header, then from a name", async () => {
    const { run } = await bench();
    const detect = `const { hex, ...rest } = params.given; return await api.runtime.media.detectMime({ ...rest, buffer: Buffer.from(hex, "hex") });`;
    const zip = "504b0304";
    for (const [given, type] of [
      [{ hex: "89504e47", filePath: "a.txt", headerMime: "text/plain" }, "image/png"],
      [{ hex: "", headerMime: "text/html; charset=utf-8", filePath: "a.txt" }, "text/html"],
      [{ hex: "", headerMime: "application/octet-stream", filePath: "a.md" }, "text/markdown"],
      [
        { hex: zip, filePath: "a.docx" },
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
      ],
      [{ hex: zip, filePath: "a.png" }, "application/zip"],
      [{ hex: "00" }, null],
    ] as const) {
      expect(await run(detect, { given })).toBe(type);
    }
    expect(await run(`return await api.runtime.media.detectMime(Buffer.from("%PDF-1.7"));`)).toBe(
      "application/pdf",
    );
    expect(
      await run(`const { mediaKindFromMime: kind, isVoiceCompatibleAudio: voice } = api.runtime.media;
        return [kind("image/png"), kind("application/pdf"), kind("") ?? null, voice("a.opus"), voice("a.wav"), voice({ contentType: "audio/mpeg; x=1" })];`),
    ).toEqual(["image", "document", null, true, false, true]);
  });

  it("reads the size of an image from its header", async () => {
    const { run } = await bench();
    const folder = await temporaryFolder();
    const images: Record<string, [string, object | null]> = {
      png: ["89504e470d0a1a0a0000000d494844520000000200000003", { width: 2, height: 3 }],
      gif: [`47494638396102000300${"00".repeat(16)}`, { width: 2, height: 3 }],
      jpg: [`ffd8ffe00004aaaaffc0001108000300020301${"00".repeat(12)}`, { width: 2, height: 3 }],
      webp: [
        "52494646000000005745425056503858 0a00000000000000010000020000".replace(" ", ""),
        { width: 2, height: 3 },
      ],
      txt: ["61".repeat(30), null],
    };
    for (const [name, [hex, size]] of Object.entries(images)) {
      const path = join(folder, `a.${name}`);
      await writeFile(path, Buffer.from(hex, "hex"));
      expect([
        name,
        await run(`return await api.runtime.media.getImageMetadata(params.path);`, { path }),
      ]).toEqual([name, size]);
    }
  });
});
