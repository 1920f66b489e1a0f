import { execFile } from "node:child_process";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { Fixture } from "../contract/support.ts";
import { pluginBench as hostBench, sdkFolder, writePlugin } from "../plugins/support/plugin-bench.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { pluginBench } from "./support.ts";

const LOAD = `const facades = await sdk("facade-runtime");
  const load = (artifactBasename, pluginId = "lender") =>
    facades.loadBundledPluginPublicSurfaceModule({ pluginId, artifactBasename });`;

const LOOK = `import { getRuntimeConfig } from "openclaw/plugin-sdk/runtime-config-snapshot";
  export const look = () => getRuntimeConfig().messages?.responsePrefix ?? "none";
  export const token = () => getRuntimeConfig().plugins?.entries?.lender?.config?.token ?? "none";`;

function lender(files: Record<string, string>, more: Partial<Fixture> = {}): Fixture {
  return { id: "lender", register: "", files, ...more };
}

describe("the configuration that a plugin's public files see", () => {
  it("[F024] is the running one while a gateway runs, whatever became of the file", async () => {
    const bench = await pluginBench({
      others: [lender({ "api.js": LOOK }, { entry: { config: { token: "$" + "{LENDER_TOKEN}" } } })],
      config: { messages: { responsePrefix: "first" } },
      gateway: { env: { LENDER_TOKEN: "from-the-environment" } },
    });
    const { run, call, configPath } = bench;
    const see = `${LOAD} const { look, token } = await load("api.js"); return [look(), token()];`;
    expect(await run(see)).toEqual(["first", "from-the-environment"]);
    const { hash } = await call("config.get");
    const raw = JSON.stringify({ messages: { responsePrefix: "second" } });
    await call("config.patch", { raw, baseHash: hash });
    expect(await run(see)).toEqual(["second", "from-the-environment"]);
    await writeFile(configPath, "{ broken");
    expect(await run(see)).toEqual(["second", "from-the-environment"]);
  });

  it("[F024] [F025] is the one in the file without a gateway, which also says who may be asked", async () => {
    const folder = await temporaryFolder();
    const paths = [
      await writePlugin(join(folder, "lender"), "lender", { register: "", files: { "api.js": LOOK } }),
    ];
    const configPath = join(folder, "sluice.json");
    const write = (config: object) =>
      writeFile(
        configPath,
        JSON.stringify({
          ...config,
          plugins: { load: { paths }, ...(config as { plugins?: object }).plugins },
        }),
      );
    await write({ messages: { responsePrefix: "on disk" } });
    const script = join(folder, "script.mjs");
    await writeFile(
      script,
      `import { writeFileSync, readFileSync } from "node:fs";
       const sdk = (subpath) => import(${JSON.stringify(sdkFolder)} + "/" + subpath + ".js");
       const { loadBundledPluginPublicSurfaceModule: load, tryLoadActivatedBundledPluginPublicSurfaceModule: attempt } = await sdk("facade-runtime");
       const { getRuntimeConfigSnapshot } = await sdk("runtime-config-snapshot");
       const asked = { pluginId: "lender", artifactBasename: "api" };
       const seen = [(await load(asked)).look()];
       const path = process.env.SLUICE_CONFIG_PATH;
       const config = JSON.parse(readFileSync(path, "utf8"));
       const change = (more) => writeFileSync(path, JSON.stringify({ ...config, ...more }));
       change({ messages: { responsePrefix: "\${WORD}" } });
       seen.push((await load(asked)).look(), (await load(asked)) === (await load(asked)), getRuntimeConfigSnapshot());
       change({ plugins: { ...config.plugins, deny: ["lender"] } });
       seen.push(await attempt(asked), await load(asked).catch((error) => error.code));
       writeFileSync(path, "{ broken");
       seen.push(await load(asked).catch((error) => error.message.includes(path)));
       console.log(JSON.stringify(seen));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [script], {
      env: {
        PATH: process.env["PATH"],
        WORD: "edited",
        SLUICE_CONFIG_PATH: configPath,
        SLUICE_STATE_DIR: join(folder, "state"),
      },
    });
    expect(JSON.parse(stdout)).toEqual([
      "on disk",
      "edited",
      true,
      null,
      null,
      "FACADE_PLUGIN_BLOCKED",
      true,
    ]);
  });
});

describe("public files of a plugin, for others", () => {
  const codes = `const outcome = (promise) => promise.then((module) => module.name ?? "loaded", (error) => error.code ?? error.message);`;

  it("[F025] are the very modules the plugin itself uses, once per state of the plugins", async () => {
    const { run, call } = await pluginBench({
      others: [
        lender(
          {
            "state.js": `export const calls = []; globalThis.lenderLoads = (globalThis.lenderLoads ?? 0) + 1;`,
            "api.js": `import { calls } from "./state.js"; export const note = (text) => calls.push(text);`,
            "contract-api.mjs": `export const kind = "contract";`,
            "dist/runtime-api.js": `export const kind = "built";`,
          },
          {
            head: `import { calls } from "./state.js";`,
            register: `api.registerGatewayMethod("lender.calls", () => ({ calls }), { scope: "operator.read" });`,
          },
        ),
      ],
    });
    const seen = await run(`${LOAD}
      const [one, two] = await Promise.all([load("api.js"), load("./api.ts")]);
      one.note("through the facade");
      return [one === two, (await load("contract-api")).kind, (await load("runtime-api.js")).kind,
        Object.keys(await load("index")), globalThis.lenderLoads];`);
    expect(seen).toEqual([true, "contract", "built", ["default"], 1]);
    expect((await call("lender.calls")).calls).toEqual(["through the facade"]);
  });

  it("[F025] stay closed for names that are not public, for plugins that are off, unknown or refused", async () => {
    const folder = await temporaryFolder();
    const extra = join(folder, "extra");
    const add = (id: string, files: Record<string, string>, manifest = {}) =>
      writePlugin(join(extra, id), id, { register: "", files, manifest });
    await add("off", { "api.js": `globalThis.offRan = true; export const name = "off";` });
    await add("open", {
      "api.js": `export const name = "open";`,
      "secret.js": `export const name = "secret";`,
    });
    await add("failing", { "api.js": `throw new Error("broken at import");` });
    const outside = join(folder, "outside.js");
    await writeFile(outside, `export const name = "outside";`);
    await add("linked", {});
    await symlink(outside, join(extra, "linked", "api.js"));
    await add("writable", { "api.js": `export const name = "writable";` });
    await chmod(join(extra, "writable", "api.js"), 0o666);
    // Installed packages have to be built; a checkout may be source.
    await writePlugin(join(folder, "node_modules", "sourced"), "sourced", {
      register: "",
      files: { "api.ts": `export const name: string = "source";` },
    });
    await add("checkout", { "api.ts": `export const name: string = "checkout";` });
    const ids = ["off", "open", "failing", "linked", "writable", "checkout"];
    const { run } = await pluginBench({
      folder,
      config: {
        plugins: {
          load: {
            paths: [
              join(folder, "plugins", "probe"),
              ...ids.map((id) => join(extra, id)),
              join(folder, "node_modules", "sourced"),
            ],
          },
          entries: { probe: { enabled: true }, off: { enabled: false } },
        },
      },
    });
    const result = await run(`${LOAD} ${codes}
      const found = {};
      for (const id of ["open", "off", "nobody", "linked", "writable", "sourced", "checkout"]) found[id] = await outcome(load("api.js", id));
      for (const name of ["secret.js", "../open/api.js", "dist/api.js", "package.json", "openclaw.plugin.json", "API.js", "a".repeat(200)])
        found[name.slice(0, 20)] = await outcome(load(name, "open"));
      found.missing = await outcome(load("contract-api", "open"));
      found.failing = await load("api", "failing").catch((error) => error.message.includes("broken at import"));
      const quiet = (pluginId) => facades.tryLoadActivatedBundledPluginPublicSurfaceModule({ pluginId, artifactBasename: "api" });
      found.quiet = [await quiet("off"), await quiet("nobody"), (await quiet("open")).name];
      return { ...found, ran: globalThis.offRan ?? false };`);
    const hidden = "FACADE_SURFACE_PRIVATE";
    expect(result).toEqual({
      open: "open",
      off: "FACADE_PLUGIN_BLOCKED",
      nobody: "FACADE_PLUGIN_UNKNOWN",
      linked: "FACADE_SURFACE_UNSAFE",
      writable: "FACADE_SURFACE_UNSAFE",
      sourced: "FACADE_SURFACE_MISSING",
      checkout: "checkout",
      "secret.js": hidden,
      "../open/api.js": hidden,
      "dist/api.js": hidden,
      "package.json": hidden,
      "openclaw.plugin.json": hidden,
      "API.js": hidden,
      [`${"a".repeat(20)}`]: hidden,
      missing: "FACADE_SURFACE_MISSING",
      failing: true,
      quiet: [null, null, "open"],
      ran: false,
    });
  });

  it("[F025] of a bundled plugin that nobody turned on are open, unless they are asked for as running", async () => {
    const bench = await hostBench({ plugins: { entries: {} } });
    const folder = await bench.write("bundled", "helper", {
      register: `globalThis.helperRegistered = true;`,
      files: {
        "api.js": `export const name = "helper";`,
        "runtime-api.ts": `export const name = "unbuilt";`,
      },
    });
    await bench.host.start();
    const ask = (surface: string, activated = false) =>
      bench.host.facade({ pluginId: "helper", surface, activated }).then(
        (module) => (module as { name: string }).name,
        (error: { code: string }) => error.code,
      );
    expect(await ask("api")).toBe("helper");
    expect(await ask("api", true)).toBe("FACADE_PLUGIN_INACTIVE");
    expect(await ask("runtime-api")).toBe("FACADE_SURFACE_MISSING");
    expect((globalThis as { helperRegistered?: boolean }).helperRegistered).toBeUndefined();
    // Repaired, it loads: a failure is not remembered.
    await writeFile(join(folder, "runtime-api.js"), `export const name = "built";`);
    expect(await ask("runtime-api")).toBe("built");
    bench.config.set({ plugins: { enabled: false } });
    await bench.host.applyConfig();
    expect(await ask("api")).toBe("FACADE_PLUGIN_BLOCKED");
    await mkdir(folder, { recursive: true });
    await rm(join(folder, "openclaw.plugin.json"));
    await bench.host.applyConfig();
    expect(await ask("api")).toBe("FACADE_PLUGIN_UNKNOWN");
  });

  it("[F025] follow a reload of the plugin", async () => {
    const bench = await hostBench({ plugins: { entries: { helper: { enabled: true } } } });
    const files = (version: string) => ({ "api.js": `export const name = "${version}";` });
    const folder = await bench.write("global", "helper", { register: "", files: files("one") });
    await bench.host.start();
    const ask = async () =>
      ((await bench.host.facade({ pluginId: "helper", surface: "api" })) as { name: string }).name;
    expect(await ask()).toBe("one");
    await writeFile(join(folder, "api.js"), files("two")["api.js"]);
    expect(await ask()).toBe("one");
    await bench.host.reload("helper");
    expect(await ask()).toBe("two");
  });
});
