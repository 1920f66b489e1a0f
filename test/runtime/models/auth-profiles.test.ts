import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AuthProfileStore } from "../../../src/contracts/auth-profiles.ts";
import type { SluiceConfig } from "../../../src/runtime/config/types.ts";
import { orderedProfiles, readAuthProfiles } from "../../../src/runtime/models/auth-profiles.ts";
import {
  allowedModelRef,
  defaultModelOf,
  modelRuntimePolicy,
} from "../../../src/runtime/models/model-choice.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const NOW = 1_000;
const profile = (type: string, provider = "p") => ({ type, provider });

function order(store: Partial<AuthProfileStore>, config: Record<string, unknown> = {}) {
  const whole = { version: 1, profiles: {}, ...store };
  return orderedProfiles({ store: whole, provider: "p", config, authProviderOf: (id) => id, now: NOW });
}

describe("sign-ins of an agent", () => {
  it("are its own over the default agent's", async () => {
    const folder = await temporaryFolder();
    const write = async (name: string, value: unknown) => {
      await mkdir(join(folder, name), { recursive: true });
      await writeFile(join(folder, name, "auth-profiles.json"), JSON.stringify(value));
      return join(folder, name);
    };
    const main = await write("main", {
      profiles: { "p:a": profile("token"), "p:b": profile("token"), "p:c": { type: "token" } },
      order: { p: ["p:b"], q: [] },
    });
    const own = await write("own", { profiles: { "p:a": profile("oauth") }, order: { p: ["p:a"] } });
    expect(readAuthProfiles([own, main])).toEqual({
      version: 1,
      profiles: { "p:a": profile("oauth"), "p:b": profile("token") },
      order: { p: ["p:a"], q: [] },
    });
    expect(readAuthProfiles([join(folder, "nobody")])).toEqual({ version: 1, profiles: {} });
  });

  it("rotate by kind and last use, and those that pause go last", () => {
    const profiles = {
      "p:key": profile("api_key"),
      "p:used": profile("oauth"),
      "p:fresh": profile("oauth"),
      "p:token": profile("token"),
      "p:odd": profile("odd"),
      "q:x": profile("oauth", "q"),
    };
    const usageStats = { "p:used": { lastUsed: 5 } };
    expect(order({ profiles, usageStats })).toEqual(["p:fresh", "p:used", "p:token", "p:key", "p:odd"]);
    const paused = {
      ...usageStats,
      "p:fresh": { cooldownUntil: NOW + 9 },
      "p:token": { disabledUntil: NOW + 2 },
      "p:key": { cooldownUntil: NOW },
    };
    expect(order({ profiles, usageStats: paused })).toEqual([
      "p:used",
      "p:key",
      "p:odd",
      "p:token",
      "p:fresh",
    ]);
  });

  it("follow the stored order, then the configured one, then the declared ones", () => {
    const profiles = { "p:a": profile("api_key"), "p:b": profile("oauth"), "p:c": profile("token") };
    const config = {
      auth: { order: { P: ["p:c", "p:a", "p:c", "p:nobody"] }, profiles: { "p:a": {}, "q:z": {} } },
    };
    expect(order({ profiles, order: { p: ["p:a"] } }, config)).toEqual(["p:a"]);
    expect(order({ profiles }, config)).toEqual(["p:c", "p:a"]);
    expect(order({ profiles }, { auth: { profiles: config.auth.profiles } })).toEqual(["p:a"]);
  });
});

describe("models as configured", () => {
  it("are the agent's, or the one that always exists", () => {
    const config = { agents: { defaults: { model: "quick", models: { "p/m": { alias: "quick" } } } } };
    expect(defaultModelOf(config)).toEqual({ provider: "p", model: "m" });
    expect(defaultModelOf({})).toEqual({ provider: "echo", model: "echo-1" });
    expect(allowedModelRef({ cfg: config, raw: " quick " })).toEqual({
      ref: { provider: "p", model: "m" },
      key: "p/m",
    });
    expect(allowedModelRef({ cfg: {}, raw: "bare" })).toHaveProperty("error");
  });

  it("run as the nearest setting says", () => {
    const runtime = (id: string) => ({ agentRuntime: { id } });
    const agent = { id: "main", models: { "p/m1": runtime("own") } };
    const config = {
      agents: {
        list: [agent],
        defaults: { models: { "p/m1": runtime("all"), "p/*": runtime("any") } },
      },
      models: { providers: { P: { models: [{ id: "m2", ...runtime("row") }], ...runtime("provider") } } },
    };
    const policy = (modelId: string, given: SluiceConfig = config) => {
      const { policy: found, source } = modelRuntimePolicy({ config: given, provider: "p", modelId });
      return [found?.["id"], source];
    };
    expect(policy("m1")).toEqual(["own", "model"]);
    expect(policy("m2")).toEqual(["row", "model"]);
    expect(policy("m3")).toEqual(["any", "model"]);
    expect(policy("m3", { models: config.models })).toEqual(["provider", "provider"]);
    expect(policy("m3", {})).toEqual([undefined, undefined]);
  });
});
