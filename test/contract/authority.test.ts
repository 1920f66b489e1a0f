import { describe, expect, it } from "vitest";
import { contract } from "./support.ts";

const tool = (name: string) =>
  `api.registerTool({ name: "${name}", description: "x", parameters: { type: "object", properties: {} },
     execute: async () => ({ content: [{ type: "text", text: "${name} of a plugin" }] }) });`;
const declares = (...tools: string[]) => ({ contracts: { tools } });

describe("what belongs to the host", () => {
  it("[F054] a tool named like one of the gateway's is refused, and so are all tools of a plugin named like one", async () => {
    const { call, say } = await contract([
      { id: "copy", register: tool("message") + tool("own"), manifest: declares("message", "own") },
      { id: "message", register: tool("harmless"), manifest: declares("harmless") },
    ]);
    const copy = await call("plugins.inspect", { pluginId: "copy" });
    expect(copy.contributions.tool).toEqual(["own"]);
    expect(copy.diagnostics).toContainEqual(
      expect.objectContaining({
        code: "registration-duplicate",
        message: expect.stringContaining('"message" already belongs to the gateway'),
      }),
    );
    const message = await call("plugins.inspect", { pluginId: "message" });
    expect(message.status).toBe("loaded");
    expect(message.contributions.tool).toBeUndefined();
    expect(message.contributions.gatewayMethod).toEqual(["message.seen"]);
    expect(message.diagnostics).toContainEqual(
      expect.objectContaining({
        code: "reserved-name",
        message: expect.stringContaining("choose another id"),
      }),
    );
    expect(await say("/tool own {}")).toContain("own of a plugin");
    expect(await say("/tool harmless {}")).toContain("There is no tool named harmless");
    expect(await say("/tool message {}")).not.toContain("of a plugin");
  });

  it("what only bundled plugins may do is refused to others, each with a word on it", async () => {
    const { call, seen } = await contract({
      register: `
        api.registerCommand({ name: "greet", description: "Greets.", exposeSenderIsOwner: true, handler: async () => ({ text: "hi" }) });
        api.registerCommand({ name: "status", description: "Mine.", ownership: "reserved", handler: async () => ({ text: "no" }) });
        api.registerControlUiDescriptor({ id: "page", surface: "tab", label: "Page", placement: "route:probe" });
        api.registerCodexAppServerExtensionFactory(() => ({}));
        api.registerTrustedToolPolicy({ id: "cap", description: "Caps.", evaluate: () => undefined });
        api.registerAgentToolResultMiddleware(() => undefined);
        api.registerGatewayMethod("probe.try", async () => ({
          attach: await api.session.workflow.sendSessionAttachment({ sessionKey: "main", files: [{ path: "x" }] }),
          schedule: (await api.session.workflow.scheduleSessionTurn({ sessionKey: "main", message: "m", delayMs: 1 })) ?? null,
          unschedule: await api.session.workflow.unscheduleSessionTurnsByTag({ sessionKey: "main", tag: "t" }),
          emit: api.agent.events.emitAgentEvent({ runId: "r", stream: "lifecycle", data: {} }),
        }), { scope: "operator.read" });`,
    });
    const { contributions, diagnostics } = await call("plugins.inspect", { pluginId: "probe" });
    expect(contributions).toEqual({ gatewayMethod: ["probe.seen", "probe.try"], command: ["greet"] });
    const codes = diagnostics.map(
      ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
    );
    for (const expected of [
      /^bundled-only: command "greet": "exposeSenderIsOwner"/,
      /^(bundled-only|reserved-name): command "status"/,
      /^bundled-only: UI descriptor "page"/,
      /^bundled-only: registerCodexAppServerExtensionFactory/,
      /^contract-undeclared: registerTrustedToolPolicy/,
      /^contract-undeclared: tool-result middleware/,
    ])
      expect(codes).toContainEqual(expect.stringMatching(expected));
    expect(await call("probe.try")).toMatchObject({
      attach: { ok: false },
      schedule: null,
      unschedule: { removed: 0, failed: 0 },
      emit: { emitted: false },
    });
    expect(await seen()).toEqual([]);
  });
});
