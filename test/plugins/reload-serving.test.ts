import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { contract } from "../contract/support.ts";
import { WireClient } from "../gateway/support/wire-client.ts";

/** What the plugin's calls wait for, and what they noted; the test lets them go on. */
const gate = globalThis as { letGo?: Record<string, () => void>; noted?: string[] };

const plugin = (code: string) => `
  const wait = (what) => new Promise((resolve) => { (globalThis.letGo ??= {})["${code} " + what] = resolve; });
  const note = (text) => void (globalThis.noted ??= []).push("${code} " + text);
  api.registerTool({ name: "ponder", description: "Takes its time.", parameters: { type: "object", properties: {} },
    execute: async () => { await wait("tool"); note("tool"); return { content: [{ type: "text", text: "pondered ${code}" }] }; } });
  api.registerGatewayMethod("probe.slow", async ({ respond }) => { await wait("method"); note("method"); respond(true, { code: "${code}" }); }, { scope: "operator.read" });
  api.registerGatewayMethod("probe.quick", ({ respond }) => respond(true, { code: "${code}" }), { scope: "operator.read" });
  api.registerHttpRoute({ path: "/probe", auth: "plugin", handler: async (request, response) => { await wait("route"); response.end("${code}"); return true; } });
  api.registerService({ id: "tick", start: () => note("start"), stop: () => note("stop") });
  api.on("gateway_start", ({ port }) => note(port > 0 ? "gateway_start" : "no port"));
  api.lifecycle.signal.addEventListener("abort", () => note("abort"));
  api.lifecycle.onDispose(() => note("dispose"));`;

/** The machine may be busy; what is waited for comes by itself. */
const until = (check: () => unknown) => vi.waitFor(check, { timeout: 15_000, interval: 10 });

async function served() {
  gate.letGo = {};
  gate.noted = [];
  const room = await contract({ register: plugin("old"), manifest: { contracts: { tools: ["ponder"] } } });
  const folder = join(dirname(room.configPath), "plugins", "probe");
  return {
    ...room,
    rewrite: (body: string) =>
      writeFile(join(folder, "index.mjs"), `export default { id: "probe", register(api) { ${body} } };`),
    /** Starts one call of each kind and waits until all of them are inside the plugin. */
    async begin(code: string) {
      const other = await WireClient.open(room.gateway.url, { scopes: ["operator.admin"] });
      const said = room.say("/tool ponder {}");
      const asked = other.call("probe.slow");
      const fetched = fetch(`${room.gateway.httpUrl}/probe`).then((response) => response.text());
      for (const call of [said, asked, fetched]) call.catch(() => {});
      await until(() => {
        const inside = Object.keys(gate.letGo ?? {}).filter((what) => what.startsWith(code));
        expect(inside.sort()).toEqual([`${code} method`, `${code} route`, `${code} tool`]);
      });
      return { said, asked, fetched };
    },
    finish(code: string) {
      for (const [what, go] of Object.entries(gate.letGo ?? {})) if (what.startsWith(code)) go();
    },
  };
}

describe("reloading while the gateway serves", () => {
  it("[F260] calls in flight end on the old code while new ones run on the new, and only then it is gone", async () => {
    const { call, begin, finish, rewrite } = await served();
    const { said, asked, fetched } = await begin("old");
    await rewrite(plugin("new"));
    let reloaded = false;
    const reloading = call("plugins.reload", { pluginIds: ["probe"] }).then(() => {
      reloaded = true;
    });
    await until(async () => expect(await call("probe.quick")).toEqual({ code: "new" }));
    expect(gate.noted).toEqual([
      "old start",
      "old gateway_start",
      "old stop",
      "new start",
      "new gateway_start",
      "old abort",
    ]);
    // Other plugins come and go meanwhile: a call in flight may need one of them.
    await call("plugins.refresh");
    expect(reloaded).toBe(false);
    finish("old");
    expect(await said).toContain("pondered old");
    expect((await asked).payload).toEqual({ code: "old" });
    expect(await fetched).toBe("old");
    await reloading;
    expect(gate.noted?.slice(6).sort()).toEqual(["old dispose", "old method", "old tool"]);
    expect(gate.noted?.at(-1)).toBe("old dispose");

    const later = await begin("new");
    finish("new");
    expect(await later.said).toContain("pondered new");
    expect(await later.fetched).toBe("new");
  });

  it("[F260] a reload that fails leaves the old code serving, calls in flight and all", async () => {
    const { call, refusal, begin, finish, rewrite } = await served();
    const { said, asked, fetched } = await begin("old");
    await rewrite(`${plugin("new")} throw new Error("not ready");`);
    expect((await refusal("plugins.reload", { pluginIds: ["probe"] })).message).toContain("not ready");
    expect(await call("probe.quick")).toEqual({ code: "old" });
    finish("old");
    expect(await said).toContain("pondered old");
    expect((await asked).payload).toEqual({ code: "old" });
    expect(await fetched).toBe("old");
    expect(gate.noted?.filter((text) => text.startsWith("old"))).toEqual([
      "old start",
      "old gateway_start",
      expect.stringMatching(/^old (tool|method)$/),
      expect.stringMatching(/^old (tool|method)$/),
    ]);
    // What the failed attempt acquired is closed again; it never started.
    expect(gate.noted?.filter((text) => text.startsWith("new"))).toEqual(["new abort", "new dispose"]);
    const inspected = await call("plugins.inspect", { pluginId: "probe" });
    expect(inspected.status).toBe("loaded");
    expect(inspected.diagnostics.map(({ code }: { code: string }) => code)).toContain("reload-failed");
    await rewrite(plugin("newer"));
    await call("plugins.reload", { pluginIds: ["probe"] });
    expect(await call("probe.quick")).toEqual({ code: "newer" });
    expect((await call("plugins.inspect", { pluginId: "probe" })).diagnostics).toEqual([]);
  });

  it("a gateway that stops does not wait for calls that a reload waits for", async () => {
    const { call, begin, gateway } = await served();
    const { said, asked } = await begin("old");
    const cut = Promise.allSettled([said, asked, call("plugins.reload", { pluginIds: ["probe"] })]);
    await until(async () => expect(gate.noted).toContain("old abort"));
    await gateway.dispose();
    expect(gate.noted).toContain("old dispose");
    await cut;
  });

  it("[F260] a plugin that is turned off finishes its calls and takes no new ones", async () => {
    const { call, refusal, begin, finish, gateway, client } = await served();
    const { said, asked } = await begin("old");
    const disabling = call("plugins.setEnabled", { pluginId: "probe", enabled: false });
    await until(async () => expect((await refusal("probe.quick")).message).toContain("unknown method"));
    expect((await fetch(`${gateway.httpUrl}/probe`)).status).toBe(404);
    finish("old");
    expect(await said).toContain("pondered old");
    expect((await asked).payload).toEqual({ code: "old" });
    await disabling;
    expect(gate.noted?.at(-1)).toBe("old dispose");
    expect((await client.call("plugins.inspect", { pluginId: "probe" })).payload).toMatchObject({
      status: "disabled",
      contributions: {},
    });
  });
});
