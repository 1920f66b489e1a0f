import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { contract } from "./support.ts";

const ASK = (body: string) =>
  `api.registerGatewayMethod("probe.ask", async ({ params }) => { ${body} }, { scope: "operator.read" });`;

describe("the object handed to register(), in a running gateway", () => {
  it("[F138] says who the plugin is and where it lies", async () => {
    const folder = await temporaryFolder();
    const { call } = await contract(
      {
        register: ASK(
          `const { id, name, version, description, source, rootDir } = api; return { id, name, version, description, source, rootDir };`,
        ),
        manifest: { name: "Probe", version: "3.2.1", description: "Looks around" },
      },
      { folder },
    );
    const rootDir = join(folder, "plugins", "probe");
    expect(await call("probe.ask")).toEqual({
      id: "probe",
      name: "Probe",
      version: "3.2.1",
      description: "Looks around",
      source: join(rootDir, "index.mjs"),
      rootDir,
    });
  });

  it("[F139] [F140] has the configuration in force, following changes, and the plugin's own part of it", async () => {
    const { call } = await contract(
      {
        register: ASK(
          `return { note: api.config.session?.note ?? null, own: api.pluginConfig, frozen: Object.isFrozen(api.config) };`,
        ),
        manifest: {
          configSchema: {
            type: "object",
            properties: { color: { type: "string" }, size: { type: "integer", default: 3 } },
          },
        },
        entry: { config: { color: "$" + "{COLOR}" } },
      },
      { config: { session: { note: "one" } }, gateway: { env: { COLOR: "red" } } },
    );
    expect(await call("probe.ask")).toEqual({ note: "one", own: { color: "red", size: 3 }, frozen: true });
    const { hash } = await call("config.get");
    await call("config.patch", { raw: JSON.stringify({ session: { note: "two" } }), baseHash: hash });
    expect(await call("probe.ask")).toMatchObject({ note: "two", own: { color: "red", size: 3 } });
  });

  it("[F141] reaches the running gateway through its runtime", async () => {
    const { call, stateDir } = await contract({
      register: ASK(`
        const store = api.runtime.state.openKeyedStore({ namespace: "kept", maxEntries: 5 });
        await store.register("key", { seen: true });
        const answer = await api.runtime.llm.complete({ messages: [{ role: "user", content: "echo this" }] });
        let missing = "";
        try { api.runtime.nothingLikeIt; } catch (error) { missing = error.message; }
        return { dir: api.runtime.state.resolveStateDir(), stored: await store.lookup("key"), text: answer.text, provider: answer.provider,
          same: api.runtime === api.runtime, missing };`),
    });
    expect(await call("probe.ask")).toMatchObject({
      dir: stateDir,
      stored: { seen: true },
      text: expect.stringContaining("echo this"),
      provider: "echo",
      same: true,
      missing: expect.stringContaining("api.runtime.nothingLikeIt does not exist"),
    });
  });

  it("[F142] logs lines of every level in the plugin's name, without secrets", async () => {
    const { call } = await contract(
      {
        register: ASK(
          `for (const level of ["debug", "info", "warn", "error"]) api.logger[level]("said in " + level + " sk-very-secret-value", { part: level }); return {};`,
        ),
        entry: { config: { apiKey: "sk-very-secret-value" } },
      },
      { gateway: { logLevel: "debug" } },
    );
    await call("probe.ask");
    const { lines } = await call("logs.tail", { limit: 200 });
    const own = lines
      .map((line: unknown) => (typeof line === "string" ? line : JSON.stringify(line)))
      .filter((line: string) => line.includes("said in "));
    expect(own.map((line: string) => /said in (\w+)/.exec(line)?.[1])).toEqual([
      "debug",
      "info",
      "warn",
      "error",
    ]);
    for (const line of own) {
      expect(line).toContain("probe");
      expect(line).not.toContain("sk-very-secret-value");
    }
  });

  it("[F143] [F144] says in which mode it registers, and resolves paths below the plugin", async () => {
    const folder = await temporaryFolder();
    const { call } = await contract(
      {
        register: ASK(
          `return { mode: api.registrationMode, paths: ["data/x.json", "./y", "~/z", "/etc/../tmp", " ", undefined].map((path) => api.resolvePath(path)) };`,
        ),
      },
      { folder },
    );
    const root = join(folder, "plugins", "probe");
    expect(await call("probe.ask")).toEqual({
      mode: "full",
      paths: [join(root, "data/x.json"), join(root, "y"), join(homedir(), "z"), "/tmp", homedir(), homedir()],
    });
  });
});

describe("capabilities that the gateway itself puts to use", () => {
  it("[F037] a speech provider speaks for whoever asks the runtime", async () => {
    const { call } = await contract([
      {
        id: "voice",
        manifest: { contracts: { speechProviders: ["loud"] } },
        register: `api.registerSpeechProvider({ id: "loud", label: "Loud", aliases: ["noisy"],
          isConfigured: ({ cfg }) => Boolean(cfg),
          async synthesize({ text, target, providerConfig }) {
            seen.push({ text, target });
            return { audioBuffer: Buffer.from("sound of " + text), outputFormat: "mp3", fileExtension: ".mp3", voiceCompatible: false };
          } });`,
      },
      {
        register: ASK(`const made = await api.runtime.tts.textToSpeech({ text: "good day", cfg: api.config });
          const { readFile } = await import("node:fs/promises");
          return { success: made.success, provider: made.provider, sound: made.audioPath ? String(await readFile(made.audioPath)) : null };`),
      },
    ]);
    expect(await call("probe.ask")).toEqual({ success: true, provider: "loud", sound: "sound of good day" });
    expect((await call("voice.seen")).seen).toMatchObject([{ text: "good day" }]);
  });
});
