import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/kernel/logger.ts";
import { ContextEngineCaller, contextEngineFactory } from "../../src/plugins/context-engines.ts";
import { pluginBench } from "./support/plugin-bench.ts";

describe("context engines", () => {
  it("[F114] the slot selects one by engine or plugin id; unknown ones fall back to the built-in", async () => {
    const bench = await pluginBench();
    await bench.write("global", "ctx", {
      register: `api.registerContextEngine("compact-engine", () => "made"); api.registerContextEngine("legacy", () => {});`,
    });
    await bench.host.start();
    const generation = bench.host.registry.current();
    const make = (selected: string) => contextEngineFactory(generation, selected, silentLogger)?.({});
    expect([make("compact-engine"), make("ctx"), make("legacy"), make("none"), make("gone")]).toEqual([
      "made",
      "made",
      undefined,
      undefined,
      undefined,
    ]);
    expect(bench.host.records()[0]?.diagnostics.map(({ code }) => code)).toEqual(["reserved-name"]);
  });

  const PARAMS = {
    sessionId: "s",
    messages: [],
    availableTools: ["x"],
    citationsMode: "auto",
    runtimeSettings: { schemaVersion: 1 },
  };

  it("[F115] [F116] [F117] engines get the newer parameters", async () => {
    const seen: object[] = [];
    const engine = { info: { id: "open" }, assemble: (params: object) => void seen.push(params) };
    const runtimeContext = { llm: { complete: async () => "text" } };
    await new ContextEngineCaller().call(engine, "assemble", { ...PARAMS, runtimeContext });
    expect(seen).toEqual([{ ...PARAMS, runtimeContext }]);
  });

  it("[F116] a strict engine is asked once more without them, and never with them again", async () => {
    const seen: string[][] = [];
    const engine = {
      info: { id: "strict", acceptedHostParams: ["availableTools"] },
      assemble(params: object) {
        seen.push(Object.keys(params));
        if ("runtimeSettings" in params) throw new Error('Unrecognized key: "runtimeSettings"');
        return "assembled";
      },
    };
    const caller = new ContextEngineCaller();
    expect(await caller.call(engine, "assemble", PARAMS)).toBe("assembled");
    expect(await caller.call(engine, "assemble", PARAMS)).toBe("assembled");
    const reduced = ["sessionId", "messages", "availableTools"];
    expect(seen).toEqual([Object.keys(PARAMS), reduced, reduced]);
  });

  it("[F115] [F116] what a strict engine does take it keeps; what its list lacks goes", async () => {
    const calls: string[][] = [];
    const strict = (taken: string[], info: object = {}) => ({
      info: { id: "strict", ...info },
      assemble(params: object) {
        calls.push(Object.keys(params));
        const unknown = Object.keys(params).find((key) => !taken.includes(key));
        if (unknown) throw new TypeError(`unknown key: ${unknown}`);
        return "assembled";
      },
    });
    const params = { ...PARAMS, model: "a/b", prompt: "hi" };
    const older = ["sessionId", "messages", "availableTools", "citationsMode", "model", "prompt"];
    const caller = new ContextEngineCaller();
    expect(await caller.call(strict(older), "assemble", params)).toBe("assembled");
    expect(calls).toEqual([Object.keys(params), older]);
    calls.length = 0;
    const listed = ["sessionId", "messages", "citationsMode"];
    const engine = strict(listed, { acceptedHostParams: ["citationsMode"] });
    expect(await caller.call(engine, "assemble", params)).toBe("assembled");
    expect(await caller.call(engine, "assemble", params)).toBe("assembled");
    expect(calls).toEqual([Object.keys(params), listed, listed]);
    calls.length = 0;
    await expect(caller.call(strict(["nothing"]), "assemble", params)).rejects.toThrow(
      "unknown key: sessionId",
    );
    expect(calls).toHaveLength(2);
  });

  it("[F114] engines belong to their plugin: closed with it, and of no use afterwards", async () => {
    const bench = await pluginBench();
    await bench.write("global", "ctx", {
      register: `globalThis.enginesClosed = [];
        const engine = (id) => ({ info: { id }, assemble: async () => "context of " + id, async dispose() { await null; globalThis.enginesClosed.push(id); } });
        api.registerContextEngine("later", async () => engine("later"));
        api.registerContextEngine("now", () => engine("now"));`,
    });
    await bench.host.start();
    const generation = bench.host.registry.current();
    const made = async (id: string) =>
      (await contextEngineFactory(generation, id, silentLogger)?.({})) as {
        info: { id: string };
        assemble(params: object): unknown;
      };
    const [later, now] = [await made("later"), await made("now")];
    expect([later.info.id, await later.assemble({}), await now.assemble({})]).toEqual([
      "later",
      "context of later",
      "context of now",
    ]);
    bench.config.set({ plugins: { entries: { ctx: { enabled: false } } } });
    await bench.host.applyConfig();
    expect((globalThis as { enginesClosed?: string[] }).enginesClosed).toEqual(["now", "later"]);
    expect(() => later.assemble({})).toThrow(/reloaded or disabled/);
  });

  it("[F116] another failure is the engine's own and is not repeated", async () => {
    let calls = 0;
    const engine = {
      info: { id: "broken" },
      compact() {
        calls++;
        throw new Error("database is gone");
      },
    };
    await expect(new ContextEngineCaller().call(engine, "compact", PARAMS)).rejects.toThrow(
      "database is gone",
    );
    expect(calls).toBe(1);
  });
});
