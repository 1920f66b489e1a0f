import { describe, expect, it, onTestFinished } from "vitest";
import { registerSessionDiscussionProvider } from "../../src/plugin-sdk/session-discussion.ts";
import {
  createAgentToAgentPolicy,
  createSessionVisibilityChecker,
  resolveSessionToolsVisibility,
  type SessionToolsVisibility,
} from "../../src/plugin-sdk/session-visibility.ts";
import { pluginBench } from "./support.ts";

const REQUESTER = "agent:main:memo:group:room";

function check(visibility: SessionToolsVisibility, target: string, cfg: object = {}, action = "history") {
  return createSessionVisibilityChecker({
    action,
    requesterSessionKey: REQUESTER,
    visibility,
    a2aPolicy: createAgentToAgentPolicy(cfg as never),
    spawnedKeys: new Set(["agent:main:subagent:1"]),
  }).check(target);
}

const tools = (agentToAgent: object) => ({ tools: { agentToAgent } });

describe("which sessions a session's tools reach", () => {
  it("[F001] follows the setting, for sessions of the same agent", () => {
    expect(resolveSessionToolsVisibility({})).toBe("tree");
    expect(resolveSessionToolsVisibility({ tools: { sessions: { visibility: "agent" } } } as never)).toBe(
      "agent",
    );
    const reached = (visibility: SessionToolsVisibility) =>
      [REQUESTER, "agent:main:subagent:1", "agent:main:main"].map((key) => check(visibility, key).allowed);
    expect(reached("self")).toEqual([true, false, false]);
    expect(reached("tree")).toEqual([true, true, false]);
    expect(reached("agent")).toEqual([true, true, true]);
    expect(check("tree", "agent:main:main")).toEqual({
      allowed: false,
      status: "forbidden",
      error: expect.stringContaining("tools.sessions.visibility"),
    });
  });

  it("[F001] takes both agents' consent for sessions of another one", () => {
    const other = "agent:coder:main";
    expect(check("agent", other, tools({ enabled: true })).allowed).toBe(false);
    expect(check("all", other).allowed).toBe(false);
    expect(check("all", other, tools({ enabled: true })).allowed).toBe(true);
    expect(check("all", other, tools({ enabled: true, allow: ["main"] })).allowed).toBe(false);
    expect(check("all", other, tools({ enabled: true, allow: ["MAIN", "co*r"] })).allowed).toBe(true);
    expect(check("all", other, tools({ enabled: true, allow: [" ", 1] })).allowed).toBe(false);
  });

  it("[F001] is widened by a plugin for one request, and not by one that fails", () => {
    const stop = createSessionVisibilityChecker.registerScopedAccessProvider((request) => {
      if (request.targetSessionKey === "agent:main:broken") throw new Error("no");
      return request.action === "history" && request.targetSessionKey === "agent:main:main"
        ? { expectedSessionId: "s1" }
        : undefined;
    });
    onTestFinished(stop);
    expect(check("self", "agent:main:main")).toEqual({ allowed: true, expectedSessionId: "s1" });
    expect(check("self", "agent:main:main", {}, "send").allowed).toBe(false);
    expect(check("self", "agent:main:broken").allowed).toBe(false);
    stop();
    expect(check("self", "agent:main:main").allowed).toBe(false);
  });
});

describe("a channel that keeps discussions of sessions", () => {
  it("[F001] registers as the published one does", async () => {
    const bench = await pluginBench({
      probe: {
        head: `
          import { createSessionVisibilityChecker } from "openclaw/plugin-sdk/session-visibility";
          import { registerSessionDiscussionProvider } from "openclaw/plugin-sdk/session-discussion";`,
        register: `
          const end = createSessionVisibilityChecker.registerScopedAccessProvider(() => undefined);
          registerSessionDiscussionProvider({ id: "memo", info: async () => ({ state: "none" }), open: async () => ({ state: "none" }) });
          api.lifecycle.registerRuntimeLifecycle({ id: "discussions", cleanup: () => end() });`,
      },
    });
    expect(await bench.run("return 1;")).toBe(1);
  });

  it("refuses a provider that can not answer", () => {
    expect(() => registerSessionDiscussionProvider({ id: " " } as never)).toThrow("needs an id");
  });
});
