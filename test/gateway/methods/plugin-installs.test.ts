import { readFile } from "node:fs/promises";
import { join } from "node:path";
import json5 from "json5";
import { describe, expect, it } from "vitest";
import { pluginFolder } from "../../plugins/install/support/packages.ts";
import { importNatively } from "../../plugins/support/plugin-bench.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { testGateway } from "../support/gateway.ts";
import { WireClient } from "../support/wire-client.ts";

const ADMIN = { scopes: ["operator.admin", "operator.read", "operator.write"] };
const METHOD = `api.registerGatewayMethod("sample.hello", ({ respond }) => respond(true, { text: "one" }), { scope: "operator.read" });`;

async function gateway() {
  const stateDir = await temporaryFolder("sluice-installs-");
  const { url } = await testGateway({ stateDir, importModule: importNatively });
  const admin = await WireClient.open(url, ADMIN);
  return { stateDir, url, admin };
}

describe("installing through the gateway", () => {
  it("[F259] gives a memory plugin its slot, which names a plugin that was not there before", async () => {
    const { stateDir, admin } = await gateway();
    const path = await pluginFolder({ register: METHOD, manifest: { kind: "memory" } });
    const asked = await admin.call("plugins.install", { source: "local", path });
    const done = await admin.call("plugins.install", {
      source: "local",
      path,
      acknowledgeCapabilities: { reviewToken: asked.error?.details.reviewToken },
    });
    expect(done.error).toBeUndefined();
    expect(json5.parse(await readFile(join(stateDir, "sluice.json"), "utf8"))).toMatchObject({
      plugins: { entries: { sample: { enabled: true } }, slots: { memory: "sample" } },
    });
    expect((await admin.call("sample.hello")).payload).toEqual({ text: "one" });
  });

  it("[F259] asks for consent, installs, runs at once, inspects, disables, enables and uninstalls", async () => {
    const { stateDir, url, admin } = await gateway();
    const path = await pluginFolder({ register: METHOD, manifest: { contracts: { tools: ["look"] } } });
    const asked = await admin.call("plugins.install", { source: "local", path });
    expect(asked.error).toMatchObject({
      code: "INVALID_REQUEST",
      details: {
        code: "PLUGIN_CAPABILITY_CONSENT_REQUIRED",
        claims: expect.arrayContaining([{ kind: "agent tool", name: "look" }]),
      },
    });
    const { reviewToken } = asked.error.details;
    const wrong = await admin.call("plugins.install", {
      source: "local",
      path,
      acknowledgeCapabilities: { reviewToken: "x" },
    });
    expect(wrong.ok).toBe(false);
    const done = await admin.call("plugins.install", {
      source: "local",
      path,
      acknowledgeCapabilities: { reviewToken },
    });
    expect(done.payload).toMatchObject({
      ok: true,
      changed: true,
      restartRequired: false,
      plugin: { id: "sample", state: "enabled" },
    });
    expect((await admin.call("sample.hello")).payload).toEqual({ text: "one" });
    expect(json5.parse(await readFile(join(stateDir, "sluice.json"), "utf8"))).toMatchObject({
      plugins: { entries: { sample: { enabled: true } } },
    });

    const inspected = await admin.call("plugins.inspect", { pluginId: "sample" });
    expect(inspected.payload).toMatchObject({
      status: "loaded",
      shape: "non-capability",
      contributions: { gatewayMethod: ["sample.hello"] },
      missingSdkNames: [],
      install: { source: "path", state: "installed" },
    });

    await admin.call("plugins.setEnabled", { pluginId: "sample", enabled: false });
    expect((await admin.call("sample.hello")).ok).toBe(false);
    expect((await admin.call("plugins.inspect", { pluginId: "sample" })).payload.status).toBe("disabled");
    const again = await admin.call("plugins.setEnabled", { pluginId: "sample", enabled: false });
    expect(again.payload).toMatchObject({ changed: false, message: "sample is disabled already" });
    await admin.call("plugins.setEnabled", { pluginId: "sample", enabled: true });
    expect((await admin.call("sample.hello")).ok).toBe(true);

    await pluginFolder(
      {
        register: METHOD.replace("one", "two"),
        manifest: { contracts: { tools: ["look"] } },
        version: "1.1.0",
      },
      path,
    );
    const updated = await admin.call("plugins.install", {
      source: "recorded",
      pluginId: "sample",
      mode: "update",
    });
    expect(updated.payload.message).toBe("sample is updated from 1.0.0 to 1.1.0");
    expect((await admin.call("sample.hello")).payload).toEqual({ text: "two" });

    const weak = await WireClient.open(url, { scopes: ["operator.read", "operator.write"] });
    expect((await weak.call("plugins.uninstall", { pluginId: "sample" })).error.code).toBe("FORBIDDEN");
    expect((await admin.call("plugins.uninstall", { pluginId: "sample" })).payload).toMatchObject({
      changed: true,
    });
    expect((await admin.call("sample.hello")).ok).toBe(false);
    expect((await admin.call("plugins.uninstall", { pluginId: "sample" })).payload).toMatchObject({
      changed: false,
    });
  });

  it("reloads changed code of a linked plugin, and keeps the old when the new is broken", async () => {
    const { admin } = await gateway();
    const path = await pluginFolder({ register: METHOD });
    await admin.call("plugins.install", { source: "local", path, link: true, acceptCapabilities: true });
    await pluginFolder({ register: METHOD.replace("one", "two") }, path);
    expect((await admin.call("plugins.reload", { pluginIds: ["sample"] })).ok).toBe(true);
    expect((await admin.call("sample.hello")).payload).toEqual({ text: "two" });
    await pluginFolder({ register: "throw new Error('broken')" }, path);
    expect((await admin.call("plugins.reload", { pluginIds: ["sample"] })).error.message).toContain("broken");
    expect((await admin.call("sample.hello")).payload).toEqual({ text: "two" });
    expect((await admin.call("plugins.refresh")).ok).toBe(true);
  });

  it("refuses what is no plugin, a relative path and an unknown id", async () => {
    const { admin } = await gateway();
    const call = async (params: object) =>
      (await admin.call("plugins.install", { acceptCapabilities: true, ...params })).error;
    expect(await call({ source: "local", path: "./here" })).toMatchObject({ code: "INVALID_REQUEST" });
    expect((await call({ source: "local", path: await temporaryFolder() })).details.code).toBe(
      "NOT_A_PLUGIN",
    );
    expect((await call({ source: "npm", spec: "--global" })).details.code).toBe("SPEC_INVALID");
    expect((await call({ source: "recorded", pluginId: "nobody" })).details.code).toBe("PLUGIN_UNKNOWN");
    expect((await admin.call("plugins.setEnabled", { pluginId: "nobody", enabled: true })).error.code).toBe(
      "INVALID_REQUEST",
    );
    expect((await admin.call("plugins.uninstall", { pluginId: "echo" })).error.message).toContain(
      "it comes with Sluice",
    );
  });
});
