import { describe, expect, it } from "vitest";
import type { ProviderPlugin } from "../../../src/contracts/provider.ts";
import { systemClock } from "../../../src/kernel/clock.ts";
import { silentLogger } from "../../../src/kernel/logger.ts";
import type { SluiceConfig } from "../../../src/runtime/config/types.ts";
import {
  clampThinkingLevel,
  createModels,
  isPrivateUrl,
  parseModelRef,
  thinkingPolicy,
} from "../../../src/runtime/models/index.ts";
import { fixedConfig, registryOf } from "../agent/support.ts";

const stream = () => {
  throw new Error("not asked");
};

function provider(id: string, fields: Partial<ProviderPlugin> = {}): ProviderPlugin {
  return {
    id,
    label: id,
    auth: [],
    catalog: {
      run: () => ({ provider: { api: id, models: [{ id: "m1" }, { id: "m2", reasoning: true }] } }),
    },
    createStreamFn: () => stream,
    ...fields,
  };
}

function room(plugins: ProviderPlugin[], settings: SluiceConfig = {}, env: Record<string, string> = {}) {
  const config = fixedConfig(settings);
  const registry = registryOf({ provider: Object.fromEntries(plugins.map((plugin) => [plugin.id, plugin])) });
  return {
    config,
    models: createModels({ registry, config, clock: systemClock, logger: silentLogger, env }),
  };
}

describe("model references", () => {
  it("split at the first slash, keep inner slashes and know a profile", () => {
    expect(parseModelRef("OpenRouter/anthropic/claude@work")).toEqual({
      provider: "openrouter",
      modelId: "anthropic/claude",
      profileId: "work",
    });
    expect(parseModelRef("plain", "home")).toEqual({ provider: "home", modelId: "plain" });
    expect(parseModelRef("plain")).toBeUndefined();
    expect(parseModelRef("x/")).toBeUndefined();
  });
});

describe("choosing a model", () => {
  it("uses the configured one, then the best suggestion, then says what to do", async () => {
    const plugins = [
      provider("low", { suggestDefaultModel: () => ({ model: "low/m1", priority: 0 }) }),
      provider("high", { suggestDefaultModel: async () => ({ model: "high/m1", priority: 10 }) }),
      provider("broken", { suggestDefaultModel: () => Promise.reject(new Error("down")) }),
    ];
    expect(await room(plugins).models.defaultRef()).toBe("high/m1");
    const settings = {
      agents: { defaults: { model: { primary: "fast" }, models: { "low/m2": { alias: "fast" } } } },
    };
    const chosen = room(plugins, settings).models;
    expect(await chosen.defaultRef()).toBe("low/m2");
    expect((await chosen.resolve()).model).toMatchObject({ provider: "low", id: "m2" });
    await expect(room([]).models.defaultRef()).rejects.toMatchObject({ code: "MODEL_NOT_CONFIGURED" });
  });

  it("asks again after the configuration changed", async () => {
    const { models, config } = room([provider("a"), provider("b")], {
      agents: { defaults: { model: "a/m1" } },
    });
    expect((await models.resolve()).ref).toBe("a/m1");
    config.set({ agents: { defaults: { model: "b/m1" } } });
    expect((await models.resolve()).ref).toBe("b/m1");
  });

  it("finds the owner by id, alias, hook alias or the transport of a configured provider", async () => {
    const owner = provider("main", { aliases: ["also"], hookAliases: ["hooked"], servesApis: ["wire"] });
    const settings = { models: { providers: { mine: { api: "wire", baseUrl: "http://127.0.0.1:1/v1" } } } };
    const { models } = room([owner], settings);
    for (const id of ["main", "ALSO", "hooked", "mine"]) expect(models.ownerOf(id)?.id).toBe("main");
    expect(models.ownerOf("nobody")).toBeUndefined();
    // A configured endpoint takes any model name.
    expect((await models.resolve("mine/anything")).model).toMatchObject({
      id: "anything",
      contextWindow: 128_000,
    });
    await expect(models.resolve("main/nothing")).rejects.toThrow("Unknown model: main/nothing");
    await expect(models.resolve("nobody/x")).rejects.toMatchObject({ code: "MODEL_UNKNOWN" });
  });

  it("puts the user's row over the catalogue and resolves models that are not listed", async () => {
    const owner = provider("p", {
      envVars: ["P_KEY"],
      resolveDynamicModel: ({ modelId }) => (modelId === "dyn" ? { id: "dyn", contextWindow: 5 } : null),
      prepareDynamicModel: async ({ modelId }) => (modelId === "slow" ? { id: "slow", maxTokens: 7 } : null),
      normalizeModelId: ({ modelId }) => (modelId === "old" ? "m1" : null),
    });
    const { models } = room(
      [owner],
      { models: { providers: { p: { baseUrl: "http://10.0.0.1" } } } },
      { P_KEY: "k" },
    );
    expect(await models.resolve("p/m1")).toMatchObject({
      apiKey: "k",
      model: { baseUrl: "http://10.0.0.1" },
    });
    expect((await models.resolve("p/dyn")).model.contextWindow).toBe(5);
    expect((await models.resolve("p/slow")).model.maxTokens).toBe(7);
    expect((await models.resolve("p/old")).model.id).toBe("m1");
  });

  it("survives a provider function that throws, except the one that makes the stream", async () => {
    const careless = provider("p", {
      normalizeModelId: () => {
        throw new Error("oops");
      },
      wrapStreamFn: () => {
        throw new Error("oops");
      },
    });
    expect((await room([careless]).models.resolve("p/m1")).stream).toBe(stream);
    const broken = provider("p", {
      createStreamFn: () => {
        throw new Error("no transport");
      },
    });
    await expect(room([broken]).models.resolve("p/m1")).rejects.toThrow("no transport");
  });

  it("lists what can be used and says why something cannot", async () => {
    const cloud = provider("cloud", {
      envVars: ["CLOUD_KEY"],
      catalog: {
        run: () => ({ provider: { baseUrl: "https://cloud.example/v1", api: "x", models: [{ id: "big" }] } }),
      },
    });
    const failing = provider("failing", { catalog: { run: () => Promise.reject(new Error("down")) } });
    const { models } = room([provider("local"), cloud, failing], {
      agents: { defaults: { model: "local/m1" } },
    });
    expect((await models.list("default")).map((row) => `${row.provider}/${row.id}`)).toEqual([
      "local/m1",
      "local/m2",
    ]);
    const all = await models.list("all");
    expect(all.find((row) => row.id === "big")).toMatchObject({
      available: false,
      unavailableReason: "missing-auth",
    });
    expect(all[0]).toMatchObject({ tags: ["default"] });
    expect((await models.list("configured")).map((row) => row.id)).toEqual(["m1"]);
    expect(await models.list("provider-config")).toEqual([]);
  });
});

describe("thinking", () => {
  it("offers levels by profile or by whether the model reasons, and clamps", () => {
    expect(thinkingPolicy({ reasoning: false }).levels.map((level) => level.id)).toEqual(["off"]);
    const plain = thinkingPolicy({ reasoning: true });
    expect(plain).toMatchObject({ defaultLevel: "medium" });
    expect(clampThinkingLevel("max", plain)).toBe("high");
    expect(clampThinkingLevel("minimal", thinkingPolicy({ reasoning: false }))).toBe("off");
    const always = thinkingPolicy(
      { reasoning: true },
      { levels: [{ id: "high" }, { id: "low" }], defaultLevel: "low" },
    );
    expect(always.levels.map((level) => level.id)).toEqual(["low", "high"]);
    expect(clampThinkingLevel("off", always)).toBe("low");
    expect(thinkingPolicy({ reasoning: false }, { levels: [{ id: "high" }] }).levels).toEqual([
      { id: "off", label: "off" },
    ]);
  });

  it("tells private addresses from others", () => {
    expect(["http://localhost:1", "http://10.1.2.3", "http://[::1]:2", undefined].map(isPrivateUrl)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(["https://example.com", "http://8.8.8.8", "http://172.32.0.1"].map(isPrivateUrl)).toEqual([
      false,
      false,
      false,
    ]);
  });
});
