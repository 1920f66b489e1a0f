import { describe, expect, it } from "vitest";
import { contract } from "./support.ts";

const RUN = `
  const kept = {}, logged = [];
  const open = (source, text, more = {}) => registerPluginHttpRoute({ path: "/hook", auth: "plugin", source, log: (line) => logged.push(line),
    handler: (request, response) => { response.end(text); }, ...more });
  const AsyncFunction = (async () => {}).constructor;
  api.registerGatewayMethod("probe.run", async ({ params }) => {
    try { return { result: (await new AsyncFunction("open", "kept", "logged", params.code)(open, kept, logged)) ?? null }; }
    catch (error) { return { error: error.message }; }
  }, { scope: "operator.read" });`;
const HEAD = `import { registerPluginHttpRoute } from "openclaw/plugin-sdk/webhook-ingress";`;

async function bench() {
  const opened = await contract({ head: HEAD, register: RUN });
  return {
    run: (code: string) => opened.call("probe.run", { code }),
    get: async (path: string) => {
      const response = await fetch(`${opened.gateway.httpUrl}${path}`);
      return [response.status, response.status === 200 ? await response.text() : ""];
    },
    ...opened,
  };
}

describe("routes that a running plugin opens", () => {
  it("[F068] answer until they are closed or their plugin goes, and their paths are free again", async () => {
    const { run, get, call } = await bench();
    expect(await get("/hook")).toEqual([404, ""]);
    await run(
      `kept.close = open("a", "first"); kept.later = open("b", "below", { path: "deep", match: "prefix" });`,
    );
    expect([await get("/hook"), await get("/deep/er")]).toEqual([
      [200, "first"],
      [200, "below"],
    ]);
    await run(`kept.close(); kept.close();`);
    expect(await get("/hook")).toEqual([404, ""]);
    await run(`kept.close = open("b", "second");`);
    expect(await get("/hook")).toEqual([200, "second"]);
    const declined = `open("a", "", { path: "/declined", handler: () => false });`;
    await run(declined);
    expect(await get("/declined")).toEqual([404, ""]);
    const { httpRouteCount } = await call("plugins.inspect", { pluginId: "probe" });
    expect(httpRouteCount).toBe(3);
    await call("plugins.setEnabled", { pluginId: "probe", enabled: false });
    expect([await get("/hook"), await get("/deep")]).toEqual([
      [404, ""],
      [404, ""],
    ]);
  });

  it("[F068] have one owner: its part of the plugin replaces or shares them, another is refused", async () => {
    const { run, get } = await bench();
    await run(`kept.first = open("a", "first");`);
    const taken = "the HTTP route of b was not registered: /hook is open for a";
    expect(await run(`open("b", "stolen", { replaceExisting: true })(); return logged;`)).toEqual({
      result: [taken],
    });
    expect(await run(`open("b", "stolen", { throwOnFailure: true });`)).toEqual({ error: taken });
    const again = "the HTTP route of a was not registered: /hook is open already";
    expect(await run(`open("a", "again", { path: "/HOOK/", throwOnFailure: true });`)).toEqual({
      error: again.replace("/hook", "/HOOK/"),
    });
    expect(await get("/hook")).toEqual([200, "first"]);
    await run(`kept.shared = open("a", "shared", { reuseExistingSameOwner: true }); kept.first();`);
    expect(await get("/hook")).toEqual([200, "first"]);
    await run(`kept.replaced = open("a", "newer", { replaceExisting: true }); kept.shared();`);
    expect(await get("/hook")).toEqual([200, "newer"]);
    await run(`kept.replaced();`);
    expect(await get("/hook")).toEqual([404, ""]);
  });

  it("[F068] are refused with the reason: without a path, with an unknown auth, for a plugin that is not there", async () => {
    const { run, get } = await bench();
    const refusal = async (more: string) =>
      (await run(`open("a", "", { throwOnFailure: true, ${more} });`)).error.replace(/^.*registered: /, "");
    expect(await refusal(`path: " "`)).toBe("it has no path");
    expect(await refusal(`auth: "nobody"`)).toContain('"auth" must be "gateway"');
    expect(await refusal(`auth: "nobody"`)).toBe("it was refused before, for the same reason");
    expect(await refusal(`pluginId: "ghost"`)).toBe('plugin "ghost" is not loaded');
    expect(await get("/hook")).toEqual([404, ""]);
  });
});
