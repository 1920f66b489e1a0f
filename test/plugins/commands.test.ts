import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/kernel/logger.ts";
import { commandGuidance, matchCommand, runCommand } from "../../src/plugins/commands.ts";
import { type PluginBench, pluginBench } from "./support/plugin-bench.ts";

async function withCommands(
  definitions: string[],
  place: "global" | "bundled" = "global",
  id = "cmd",
): Promise<PluginBench> {
  const bench = await pluginBench();
  const register = definitions.map((definition) => `api.registerCommand(${definition});`).join("\n");
  await bench.write(place, id, { register, manifest: { enabledByDefault: true } });
  await bench.host.start();
  return bench;
}

const CONTEXT = {
  channel: "irc",
  isAuthorizedSender: true,
  senderIsOwner: true,
  commandBody: "",
  config: {},
};

async function say(bench: PluginBench, text: string, context: object = {}) {
  const matched = matchCommand(bench.host.registry.current(), text, "irc");
  return matched && runCommand(matched, { ...CONTEXT, commandBody: text, ...context }, silentLogger);
}

describe("plugin commands", () => {
  it("[F055] are found without regard to case and take arguments only when they say so", async () => {
    const bench = await withCommands([
      `{ name: "Plain", description: "d", handler: () => ({ text: "plain" }) }`,
      `{ name: "echo-it", description: "d", acceptsArgs: true, handler: ({ args }) => ({ text: args }) }`,
    ]);
    expect(await say(bench, "/PLAIN")).toEqual({ text: "plain" });
    expect(await say(bench, "/plain with words")).toBeUndefined();
    expect(await say(bench, "  /echo-it  two words ")).toEqual({ text: "two words" });
    expect(await say(bench, "plain")).toBeUndefined();
    expect(await say(bench, "/unknown")).toBeUndefined();
  });

  it("[F062] can let the agent go on, stay silent, and fail without telling the chat why", async () => {
    const bench = await withCommands([
      `{ name: "go-on", description: "d", handler: () => ({ text: "noted", continueAgent: true }) }`,
      `{ name: "quiet", description: "d", handler: () => ({ suppressReply: true }) }`,
      `{ name: "fails", description: "d", handler: () => { throw new Error("secret path /etc") } }`,
    ]);
    expect(await say(bench, "/go-on")).toEqual({ text: "noted", continueAgent: true });
    expect(await say(bench, "/quiet")).toEqual({ suppressReply: true });
    const failed = await say(bench, "/fails");
    expect(failed).toMatchObject({ isError: true });
    expect(failed?.text).not.toContain("secret");
  });

  it("[F064] obey channels, authorisation and scopes; chat owners satisfy scopes", async () => {
    const bench = await withCommands([
      `{ name: "elsewhere", description: "d", channels: ["matrix"], handler: () => ({ text: "x" }) }`,
      `{ name: "guarded", description: "d", handler: () => ({ text: "in" }) }`,
      `{ name: "open", description: "d", requireAuth: false, handler: (ctx) => ({ text: String("senderIsOwner" in ctx) }) }`,
      `{ name: "scoped", description: "d", requiredScopes: ["operator.approvals"], handler: (ctx) => ({ text: String(ctx.senderIsOwner) }) }`,
    ]);
    expect(await say(bench, "/elsewhere")).toBeUndefined();
    expect((await say(bench, "/guarded", { isAuthorizedSender: false }))?.text).toContain("may not");
    expect(await say(bench, "/open", { isAuthorizedSender: false })).toEqual({ text: "false" });
    expect(await say(bench, "/scoped")).toEqual({ text: "true" });
    const stranger = { senderIsOwner: false, gatewayClientScopes: ["operator.read"] };
    expect((await say(bench, "/scoped", stranger))?.text).toContain("operator.approvals");
    expect(await say(bench, "/scoped", { ...stranger, gatewayClientScopes: ["operator.admin"] })).toEqual({
      text: "false",
    });
  });

  it("[F064] a scope is satisfied by one that implies it; scopes that do not exist refuse the command", async () => {
    const bench = await withCommands([
      `{ name: "reads", description: "d", requiredScopes: ["operator.read"], handler: () => ({ text: "in" }) }`,
      `{ name: "typo", description: "d", requiredScopes: ["operator.reed"], handler: () => ({ text: "in" }) }`,
      `{ name: "shouted", description: "d", channels: [" IRC "], handler: () => ({ text: "here" }) }`,
    ]);
    const client = (scope: string) => ({ senderIsOwner: false, gatewayClientScopes: [scope] });
    expect(await say(bench, "/reads", client("operator.write"))).toEqual({ text: "in" });
    expect(await say(bench, "/reads", client("operator.pairing"))).toEqual({
      text: "/reads needs operator.read.",
    });
    expect(await say(bench, "/typo")).toBeUndefined();
    expect(await say(bench, "/shouted")).toEqual({ text: "here" });
    expect(bench.host.records()[0]?.diagnostics.map(({ message }) => message)).toEqual([
      'command "typo": "requiredScopes" must name operator scopes',
    ]);
  });

  it("[F055] can not be brought by a command that runs", async () => {
    const add = (name: string) =>
      `api.registerCommand({ name: "${name}", description: "d", handler: () => ({ text: "new" }) })`;
    const bench = await withCommands([
      `{ name: "bring", description: "d", async handler() { await null; ${add("during")}; setImmediate(() => ${add("after")}); return { text: "done" }; } }`,
      `{ name: "break", description: "d", handler() { ${add("failing")}; throw new Error("broken"); } }`,
    ]);
    expect(await say(bench, "/bring")).toEqual({ text: "done" });
    expect(await say(bench, "/break")).toMatchObject({ isError: true });
    await new Promise(setImmediate);
    expect(await say(bench, "/during")).toBeUndefined();
    expect(await say(bench, "/failing")).toBeUndefined();
    expect(await say(bench, "/after")).toEqual({ text: "new" });
    expect(bench.host.records()[0]?.diagnostics.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^command "during": a command that runs can not bring new ones/),
      expect.stringMatching(/^command "failing"/),
    ]);
  });

  it("[F065] reserved names are for the bundled plugin of that id", async () => {
    const take = (name: string, ownership: string) =>
      `{ name: "${name}", description: "d", ownership: "${ownership}", handler() {} }`;
    const outside = await withCommands([
      take("status", "plugin"),
      take("status", "reserved"),
      take("mine", "plugin"),
    ]);
    expect(
      outside.host.registry
        .current()
        .list("command")
        .map(({ key }) => key),
    ).toEqual(["mine"]);
    expect(outside.host.records()[0]?.diagnostics.map(({ code }) => code)).toEqual([
      "reserved-name",
      "bundled-only",
    ]);
    const inside = await withCommands(
      [take("codex", "reserved"), take("status", "reserved")],
      "bundled",
      "codex",
    );
    expect(
      inside.host.registry
        .current()
        .list("command")
        .map(({ key }) => key),
    ).toEqual(["codex"]);
  });

  it("[F063] native aliases and localized descriptions are checked and claimed", async () => {
    const bench = await withCommands([
      `{ name: "first", description: "d", nativeNames: { discord: "eins" }, descriptionLocalizations: { de: "Erstes" }, handler() {} }`,
      `{ name: "eins", description: "d", handler() {} }`,
      `{ name: "alias", description: "d", nativeNames: { discord: "help" }, handler() {} }`,
      `{ name: "empty", description: "d", descriptionLocalizations: { de: "" }, handler() {} }`,
    ]);
    const generation = bench.host.registry.current();
    expect(generation.list("command").map(({ key }) => key)).toEqual(["first"]);
    expect(generation.get("command", "eins")?.key).toBe("first");
    expect(bench.host.records()[0]?.diagnostics.map(({ code }) => code)).toEqual([
      "reserved-name",
      "registration-malformed",
      "registration-duplicate",
    ]);
  });

  it("each refused name is told of by itself, shortened", async () => {
    const bench = await withCommands([
      `{ name: "stt:status", description: "d", handler() {} }`,
      `{ name: "stt:install", description: "d", handler() {} }`,
      `{ name: "9".repeat(81), description: "d", handler() {} }`,
      `{ name: " ", description: "d", handler() {} }`,
    ]);
    const messages = bench.host.records()[0]?.diagnostics.map(({ message }) => message) ?? [];
    expect(messages).toHaveLength(4);
    expect(messages[0]).toMatch(/^command "stt:status": a name starts with a letter/);
    expect(messages[1]).toContain('"stt:install"');
    expect(messages[2]).toContain(`"${"9".repeat(80)}"`);
    expect(messages[3]).toBe('command: "name" must not be empty');
  });

  it("[F056] [F057] [F058] [F060] [F061] guidance reaches the surfaces it names, sorted and once", async () => {
    const bench = await withCommands([
      `{ name: "b", description: "d", handler() {}, agentPromptGuidance: ["everywhere", { text: "main only", surfaces: ["pi_main"] }] }`,
      `{ name: "a", description: "d", handler() {}, agentPromptGuidance: ["everywhere", { text: "codex", surfaces: ["codex_app_server", "OmeniaClaw_main"] }, { text: "unscoped" }] }`,
    ]);
    const generation = bench.host.registry.current();
    expect(commandGuidance(generation, "openclaw_main")).toEqual([
      "everywhere",
      "codex",
      "unscoped",
      "main only",
    ]);
    expect(commandGuidance(generation, "subagent")).toEqual(["everywhere", "unscoped"]);
    expect(commandGuidance(generation, "codex_app_server")).toEqual(["codex"]);
    expect((await bench.host.inspect("cmd"))?.compatibility.notices).toMatchObject([
      { compatCode: "pi-prompt-surface-alias", severity: "info" },
    ]);
  });

  it.each([
    ["an empty surfaces list", `[{ text: "x", surfaces: [] }]`],
    ["an unknown surface", `[{ text: "x", surfaces: ["moon"] }]`],
    ["an empty text", `[" "]`],
    ["something that is no list", `"x"`],
  ])("[F059] a command with %s in its guidance is refused", async (_what, guidance) => {
    const bench = await withCommands([
      `{ name: "a", description: "d", handler() {}, agentPromptGuidance: ${guidance} }`,
    ]);
    expect(bench.host.registry.current().list("command")).toEqual([]);
    expect(bench.host.records()[0]?.diagnostics.map(({ code }) => code)).toEqual(["registration-malformed"]);
  });
});
