import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clearExpiredCooldowns,
  EmbeddedBlockChunker,
  ensureAuthProfileStore,
  formatReasoningMessage,
  isProfileInCooldown,
  resolveAgentDir,
  resolveAgentIdentity,
  resolveDefaultModelForAgent,
  resolveIdentityNamePrefix,
  resolveProfilesUnavailableReason,
} from "../../src/plugin-sdk/agent-runtime.ts";
import {
  listAgentIds,
  resolveSessionAgentIdStrict,
  resolveSessionAgentIdsStrict,
  tryResolveDefaultAgentId,
} from "../../src/plugin-sdk/agent-scope-runtime.ts";
import {
  resolveAgentAvatar,
  resolveEffectiveAgentRuntime,
} from "../../src/plugin-sdk/agents/agent-settings.ts";
import { parseModelRef } from "../../src/plugin-sdk/model-ref-parse.ts";
import {
  resolveChannelModelOverride,
  resolveSessionModelRef,
} from "../../src/plugin-sdk/model-session-runtime.ts";
import { resolveRealtimeBootstrapContextInstructions } from "../../src/plugin-sdk/realtime-bootstrap-context.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const cfg = {
  agents: {
    defaults: { model: "acme/big" },
    list: [
      { id: "main", identity: { name: "Mo", emoji: "🐭", avatar: "face.png" } },
      { id: "ops", default: true, model: { primary: "acme/small" }, agentRuntime: { id: "Codex" } },
    ],
  },
};

describe("what the SDK knows of agents", () => {
  it("comes from the configuration, an agent's own settings over the shared ones", () => {
    expect(listAgentIds(cfg)).toEqual(["main", "ops"]);
    expect(listAgentIds({})).toEqual(["main"]);
    expect(resolveDefaultModelForAgent({ cfg, agentId: "main" })).toEqual({ provider: "acme", model: "big" });
    expect(resolveDefaultModelForAgent({ cfg })).toEqual({ provider: "acme", model: "small" });
    expect(resolveAgentIdentity(cfg, "main")).toMatchObject({ emoji: "🐭" });
    expect(resolveIdentityNamePrefix(cfg, "main")).toBe("[Mo]");
    expect(resolveIdentityNamePrefix(cfg, "ops")).toBeUndefined();
    expect(resolveEffectiveAgentRuntime({ cfg, agentId: "ops" })).toBe("codex");
    expect(resolveEffectiveAgentRuntime({ cfg, agentId: "main" })).toBe("openclaw");
    expect(resolveSessionModelRef(cfg, { modelOverride: "x", providerOverride: "y" }, "main")).toEqual({
      provider: "y",
      model: "x",
    });
    expect(resolveAgentDir(cfg, "Ops", { SLUICE_STATE_DIR: "/srv" })).toBe(
      join("/srv", "agents", "ops", "agent"),
    );
    expect(tryResolveDefaultAgentId({})).toBeUndefined();
    expect(parseModelRef("a/b/c@work")).toEqual({ provider: "a", model: "b/c" });
    expect(parseModelRef("b")).toBeNull();
  });

  it("tells the agent of a session key, and refuses a broken one", () => {
    expect(resolveSessionAgentIdStrict({ config: cfg, sessionKey: "agent:main:chat:direct:ada" })).toBe(
      "main",
    );
    expect(resolveSessionAgentIdStrict({ config: cfg, sessionKey: "chat:direct:ada" })).toBe("ops");
    expect(resolveSessionAgentIdsStrict({ config: cfg, agentId: "Main" })).toEqual({
      defaultAgentId: "ops",
      sessionAgentId: "main",
    });
    expect(() => resolveSessionAgentIdStrict({ config: cfg, sessionKey: "agent:main" })).toThrow(
      /session key/,
    );
  });

  it("gives a picture only from inside the workspace", async () => {
    const folder = await temporaryFolder();
    const env = { SLUICE_STATE_DIR: folder };
    const avatar = (value: string) =>
      resolveAgentAvatar({ agents: { list: [{ id: "main", identity: { avatar: value } }] } }, "main", env);
    expect(avatar("face.png")).toEqual({ kind: "none", reason: "missing" });
    await mkdir(join(folder, "workspace"));
    await writeFile(join(folder, "workspace", "face.png"), "x");
    expect(avatar("face.png")).toEqual({ kind: "local", filePath: join(folder, "workspace", "face.png") });
    expect(avatar("../secret.png")).toEqual({ kind: "none", reason: "outside_workspace" });
    expect(avatar("notes.txt")).toEqual({ kind: "none", reason: "unsupported_extension" });
    expect(avatar("https://example.org/a.png")).toEqual({ kind: "remote", url: "https://example.org/a.png" });
    expect(avatar("data:text/html,x")).toMatchObject({ kind: "none" });
    expect(avatar("file:///etc/passwd")).toMatchObject({ kind: "none" });
  });

  it("puts the workspace's own words before a speaking model, bounded", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "SOUL.md"), "Kind.\n");
    await writeFile(join(folder, "USER.md"), "é".repeat(10_000));
    await writeFile(join(folder, "secrets.md"), "no");
    const config = { agents: { list: [{ id: "main", workspace: folder }] } };
    const warnings: string[] = [];
    const warn = (line: string) => void warnings.push(line);
    const text = await resolveRealtimeBootstrapContextInstructions({ config, agentId: "main", warn });
    expect(text).toContain("## SOUL.md\nKind.");
    expect(Buffer.byteLength(text ?? "")).toBeLessThan(8_500);
    expect(warnings).toEqual(["USER.md is cut to its beginning"]);
    expect(
      await resolveRealtimeBootstrapContextInstructions({
        config,
        agentId: "main",
        files: ["secrets.md"],
        warn,
      }),
    ).toBeUndefined();
  });

  it("chooses the model of a conversation by its id, its parent or its name", () => {
    const models = {
      channels: { modelByChannel: { chat: { g1: "a/one", "#ops": "a/two", room: "a/three", "*": "a/any" } } },
    };
    const pick = (more: object) =>
      resolveChannelModelOverride({ cfg: models, channel: "Chat", ...more })?.model;
    expect(pick({ groupId: "G1" })).toBe("a/one");
    expect(pick({ groupId: "t9", groupChannel: "#ops" })).toBe("a/two");
    expect(pick({ groupId: "t9", parentSessionKey: "agent:main:chat:channel:room" })).toBe("a/three");
    expect(pick({ groupId: "t9" })).toBe("a/any");
    expect(resolveChannelModelOverride({ cfg: {}, channel: "chat" })).toBeNull();
  });

  it("shows thoughts under a heading, line by line", () => {
    expect(formatReasoningMessage(" first\n\nsecond ")).toBe("Thinking\n\n_first_\n\n_second_");
    expect(formatReasoningMessage("  ")).toBe("");
  });
});

describe("an agent's sign-ins", () => {
  it("are read from its folder, and are none without a file", async () => {
    const folder = await temporaryFolder();
    expect(ensureAuthProfileStore(folder)).toEqual({ version: 1, profiles: {} });
    const stored = {
      profiles: { "acme:work": { type: "api_key", provider: "acme" }, broken: 7 },
      usageStats: { "acme:work": { cooldownUntil: 500 } },
    };
    await writeFile(join(folder, "auth-profiles.json"), JSON.stringify(stored));
    const store = ensureAuthProfileStore(folder);
    expect(Object.keys(store.profiles)).toEqual(["acme:work"]);
    expect(isProfileInCooldown(store, "acme:work", 499)).toBe(true);
    expect(isProfileInCooldown(store, "acme:work", 500)).toBe(false);
    await writeFile(join(folder, "auth-profiles.json"), "{");
    expect(() => ensureAuthProfileStore(folder)).toThrow();
  });

  it("are forgiven when their pauses are over", () => {
    const usageStats = {
      a: { cooldownUntil: 100, errorCount: 3, failureCounts: { timeout: 3 } },
      b: { cooldownUntil: 100, disabledUntil: 900, disabledReason: "billing", errorCount: 2 },
    };
    const store = { version: 1, profiles: {}, usageStats };
    expect(clearExpiredCooldowns(store, 100)).toBe(true);
    expect(usageStats.a).toEqual({ errorCount: 0 });
    expect(usageStats.b).toEqual({ disabledUntil: 900, disabledReason: "billing", errorCount: 2 });
    expect(clearExpiredCooldowns(store, 101)).toBe(false);
  });

  it("say why none of them can be used: what is stated counts before what failed most", () => {
    const reason = (usageStats: object) =>
      resolveProfilesUnavailableReason({
        store: { version: 1, profiles: {}, usageStats: usageStats as never },
        profileIds: ["a", "b"],
        now: 10,
      });
    expect(reason({})).toBeNull();
    expect(reason({ a: { cooldownUntil: 20, failureCounts: { rate_limit: 2, timeout: 1 } } })).toBe(
      "rate_limit",
    );
    expect(
      reason({
        a: { cooldownUntil: 20, failureCounts: { rate_limit: 9 } },
        b: { disabledUntil: 20, disabledReason: "billing" },
      }),
    ).toBe("billing");
    expect(reason({ a: { cooldownUntil: 20 } })).toBe("unknown");
    expect(reason({ a: { cooldownUntil: 5, failureCounts: { timeout: 1 } } })).toBeNull();
  });
});

describe("EmbeddedBlockChunker", () => {
  const chunks = (
    pieces: readonly string[],
    chunking: ConstructorParameters<typeof EmbeddedBlockChunker>[0],
  ) => {
    const chunker = new EmbeddedBlockChunker(chunking);
    const out: string[] = [];
    for (const piece of pieces) {
      chunker.append(piece);
      chunker.drain({ force: false, emit: (chunk) => void out.push(chunk) });
    }
    chunker.drain({ force: true, emit: (chunk) => void out.push(chunk) });
    expect(chunker.hasBuffered()).toBe(false);
    return out;
  };

  it("waits for a good place to cut, and hands out the rest when forced", () => {
    expect(chunks(["Hello wor", "ld.\n\nNext par", "agraph here"], { minChars: 5, maxChars: 40 })).toEqual([
      "Hello world.",
      "Next paragraph here",
    ]);
    expect(chunks(["aaaa bbbb cccc dddd"], { minChars: 1, maxChars: 10 })).toEqual([
      "aaaa bbbb",
      "cccc dddd",
    ]);
    expect(
      chunks(["One. Two. Three. Four"], { minChars: 5, maxChars: 12, breakPreference: "sentence" }),
    ).toEqual(["One. Two.", "Three.", "Four"]);
    expect(chunks(["A\n\nB"], { minChars: 100, maxChars: 200, flushOnParagraph: true })).toEqual(["A", "B"]);
  });

  it("closes a code block that it has to cut, and opens it again", () => {
    const out = chunks([`\`\`\`js\n${"x = 1;\n".repeat(20)}\`\`\``], { minChars: 10, maxChars: 60 });
    expect(out.length).toBeGreaterThan(1);
    for (const chunk of out) {
      expect(chunk.startsWith("```js\n")).toBe(true);
      expect(chunk.endsWith("```")).toBe(true);
      expect(chunk.length).toBeLessThanOrEqual(60);
    }
  });

  it("keeps every word, within the limit, however the text arrives", () => {
    const text = fc.array(fc.constantFrom("word", "a", "\n", "\n\n", ". ", "longer😀word", " ", "```\n"), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        (pieces, minChars, maxChars) => {
          const out = chunks(pieces, { minChars, maxChars });
          for (const chunk of out) expect(chunk.length).toBeLessThanOrEqual(Math.max(2, maxChars));
          const letters = (all: string) => all.replace(/[\s`]/g, "");
          expect(letters(out.join(""))).toBe(letters(pieces.join("")));
        },
      ),
    );
  });
});
