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
