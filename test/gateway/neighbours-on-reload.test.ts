import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TEST_TOKEN, testGateway } from "./support/gateway.ts";
import { WireClient } from "./support/wire-client.ts";

async function writePlugin(folder: string, id: string, register: string, manifest: object = {}) {
  const place = join(folder, id);
  await mkdir(place, { recursive: true });
  await writeFile(
    join(place, "openclaw.plugin.json"),
    JSON.stringify({
      id,
      name: id,
      description: "Takes part in tests.",
      version: "1.0.0",
      activation: { onStartup: true },
      configSchema: { type: "object" },
      ...manifest,
    }),
  );
  await writeFile(
    join(place, "package.json"),
    JSON.stringify({ name: id, version: "1.0.0", type: "module", openclaw: { extensions: ["./index.js"] } }),
  );
  await writeFile(
    join(place, "index.js"),
    `export default { id: "${id}", name: "${id}", register(api) { ${register} } };\n`,
  );
  return place;
}

const CHANNEL = `
  api.registerChannel({ plugin: {
    id: "steady", meta: { id: "steady", label: "Steady" }, capabilities: { chatTypes: ["direct"] },
    config: { listAccountIds: () => ["default"], resolveAccount: () => ({ enabled: true }) },
    gateway: { startAccount: (context) => {
      globalThis.steadyStarts = (globalThis.steadyStarts ?? 0) + 1;
      context.setStatus({ connected: true });
      return new Promise((resolve) => context.abortSignal.addEventListener("abort", resolve, { once: true }));
    } },
  } });`;

const route = (answer: string) => `
  api.registerHttpRoute({ path: "/hook", auth: "plugin", match: "exact", handler: (request, response) => {
    response.end("${answer}"); return true;
  } });`;

const starts = () => (globalThis as { steadyStarts?: number }).steadyStarts;

describe("reloading a plugin", () => {
  it("leaves the channels of other plugins connected and has its own routes answer at once", async () => {
    onTestFinished(() => {
      delete (globalThis as { steadyStarts?: number }).steadyStarts;
    });
    const folder = await temporaryFolder();
    const steady = await writePlugin(folder, "steady", CHANNEL, { channels: ["steady"] });
    const changing = await writePlugin(folder, "changing", route("old"));
    const configPath = join(folder, "sluice.json");
    await writeFile(
      configPath,
      JSON.stringify({
        channels: { steady: { dmPolicy: "disabled" } },
        plugins: {
          load: { paths: [steady, changing] },
          entries: { steady: { enabled: true }, changing: { enabled: true } },
        },
      }),
    );
    const { url, httpUrl } = await testGateway({ configPath });
    const ask = () => fetch(`${httpUrl}/hook`).then((response) => response.text());
    expect(await ask()).toBe("old");
    await expect.poll(starts).toBe(1);
    const client = await WireClient.open(url, { scopes: ["operator.admin"], auth: { token: TEST_TOKEN } });
    await writePlugin(folder, "changing", route("new"));
    expect(await client.call("plugins.reload", { pluginIds: ["changing"] })).toMatchObject({ ok: true });
    expect(await ask()).toBe("new");
    await writePlugin(folder, "changing", "throw new Error('broken');");
    await client.call("plugins.reload", { pluginIds: ["changing"] });
    expect(await ask()).toBe("new");
    expect(starts()).toBe(1);
  });
});

describe("a configuration that was broken while the gateway ran", () => {
  it("does not keep it from starting again, and stays as its owner left it", async () => {
    const stateDir = await temporaryFolder();
    const file = join(stateDir, "sluice.json");
    await writeFile(file, '{ gateway: { controlUi: { allowedOrigins: ["https://good.example"] } } }');
    const first = await testGateway({ stateDir });
    await first.stop("test");
    const broken = '{ gateway: { controlUi: { allowedOrigins: ["https://good';
    await writeFile(file, broken);
    const second = await testGateway({ stateDir });
    const running = second.services.config.current();
    expect(running.config).toMatchObject({
      gateway: { controlUi: { allowedOrigins: ["https://good.example"] } },
    });
    expect(running.problems.length).toBeGreaterThan(0);
    expect(await readFile(file, "utf8")).toBe(broken);
  });
});
