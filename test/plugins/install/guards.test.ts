import { chmod, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { type InstallBench, installBench, WritableConfig } from "./support/install-bench.ts";
import { pluginFolder } from "./support/packages.ts";

/** A policy program that notes what it is told and answers what it is given. */
async function policy(answer: string, status = 0) {
  const folder = await temporaryFolder("sluice-policy-");
  const command = join(folder, "policy.cjs");
  await writeFile(
    command,
    `#!${process.execPath}
const text = require("node:fs").readFileSync(0, "utf8");
require("node:fs").writeFileSync(${JSON.stringify(join(folder, "asked.json"))}, JSON.stringify({ asked: JSON.parse(text), env: process.env }));
process.stdout.write(${JSON.stringify(answer)});
process.exitCode = ${status};
`,
  );
  await chmod(command, 0o700);
  const read = async () =>
    JSON.parse(await readFile(join(folder, "asked.json"), "utf8")) as {
      asked: Record<string, unknown>;
      env: Record<string, string>;
    };
  return { folder, command, read };
}

const decision = (value: string, reason?: string) =>
  JSON.stringify({ protocolVersion: 1, decision: value, ...(reason ? { reason } : {}) });

async function under(installPolicy: unknown): Promise<InstallBench> {
  return installBench({ config: new WritableConfig({ security: { installPolicy } }) });
}

describe("security.installPolicy", () => {
  it("[F128] is told what is staged and lets it pass", async () => {
    const { command, read } = await policy(decision("allow"));
    const bench = await under({
      enabled: true,
      exec: { source: "exec", command, args: ["--json"], env: { MODE: "strict" } },
    });
    const folder = await pluginFolder();
    expect(await bench.install(folder)).toMatchObject({ changed: true });
    const { asked, env } = await read();
    expect(asked).toMatchObject({
      protocolVersion: 1,
      openclawVersion: "0.1.0",
      targetType: "plugin",
      targetName: "sample",
      sourcePathKind: "directory",
      request: { kind: "plugin-dir", mode: "install", requestedSpecifier: folder },
      plugin: { pluginId: "sample", packageName: "plugin-sample", version: "1.0.0" },
    });
    expect(env["MODE"]).toBe("strict");
    expect(env["HOME"]).toBeUndefined();
  });

  it("[F128] blocks installs and updates alike, with its reason", async () => {
    const bench = await installBench();
    const folder = await pluginFolder();
    await bench.install(folder);
    const { command } = await policy(decision("block", "not on our list"));
    bench.config.set({
      ...bench.config.current().config,
      security: { installPolicy: { enabled: true, exec: { command } } },
    });
    await pluginFolder({ version: "1.0.1" }, folder);
    const blocked = { code: "POLICY_BLOCKED", message: expect.stringContaining("not on our list") };
    await expect(bench.installer.update("sample", { consent: () => true })).rejects.toMatchObject(blocked);
    await expect(bench.install(await pluginFolder({ id: "other" }))).rejects.toMatchObject(blocked);
    expect(bench.book.records.map(({ version }) => version)).toEqual(["1.0.0"]);
  });

  it("[F128] warns: nothing happens until the warning is acknowledged", async () => {
    const { command } = await policy(decision("warn", "young package"));
    const bench = await under({ enabled: true, exec: { command } });
    const folder = await pluginFolder();
    await expect(bench.install(folder)).rejects.toMatchObject({ code: "POLICY_WARNING" });
    const { warnings } = await bench.install(folder, { acknowledgePolicyWarning: true });
    expect(warnings).toContain("install policy: young package");
  });

  it.each([
    ["no program", { enabled: true }],
    ["a program that is missing", { enabled: true, exec: { command: "/nowhere/policy" } }],
    ["a relative program", { enabled: true, exec: { command: "policy" } }],
    ["a switch that is no boolean", { enabled: "yes" }],
    ["something else than an object", "block"],
    ["targets that are no list", { enabled: true, targets: "plugin" }],
  ])("[F128] refuses everything with %s", async (_name, installPolicy) => {
    const bench = await under(installPolicy);
    await expect(bench.install(await pluginFolder())).rejects.toMatchObject({ code: "POLICY_BLOCKED" });
    expect(bench.book.records).toEqual([]);
  });

  it.each([
    ["answers no JSON", "fine", 0],
    ["answers no decision", '{ "protocolVersion": 1 }', 0],
    ["speaks another protocol", '{ "protocolVersion": 2, "decision": "allow" }', 0],
    ["fails", decision("allow"), 3],
  ])("[F128] refuses when the program %s", async (_name, answer, status) => {
    const { command } = await policy(answer, status);
    const bench = await under({ enabled: true, exec: { command } });
    await expect(bench.install(await pluginFolder())).rejects.toMatchObject({ code: "POLICY_BLOCKED" });
  });

  it("[F128] refuses a program that is late, talks too much, or could have been changed by others", async () => {
    const { folder, command } = await policy(decision("allow"));
    const folderOf = await pluginFolder();
    const refuses = async (exec: object) => {
      const bench = await under({ enabled: true, exec });
      await expect(bench.install(folderOf)).rejects.toMatchObject({ code: "POLICY_BLOCKED" });
    };
    await refuses({ command, timeoutMs: 1 });
    await refuses({ command, maxOutputBytes: 3 });
    await refuses({ command, trustedDirs: ["/usr/bin"] });
    const link = join(folder, "link");
    await symlink(command, link);
    await refuses({ command: link });
    await chmod(command, 0o722);
    await refuses({ command });
    const bench = await under({
      enabled: true,
      exec: { command, allowInsecurePath: true, trustedDirs: [folder] },
    });
    expect(await bench.install(folderOf)).toMatchObject({ changed: true });
  });

  it.each([
    ["it is off", { enabled: false }],
    ["it is for skills only", { enabled: true, targets: ["skill"] }],
  ])("is not asked when %s", async (_name, installPolicy) => {
    const bench = await under(installPolicy);
    expect(await bench.install(await pluginFolder())).toMatchObject({ changed: true });
  });
});

describe("the hook before_install", () => {
  const guard = (body: string, priority = 0) =>
    `api.on("before_install", (event, ctx) => { globalThis.__seen.push([event, ctx]); ${body} }, { priority: ${priority} });`;

  async function guarded(...handlers: string[]) {
    const seen: [Record<string, unknown>, Record<string, unknown>][] = [];
    (globalThis as unknown as { __seen: unknown }).__seen = seen;
    const bench = await installBench();
    await bench.install(await pluginFolder({ id: "guard", register: handlers.join("\n") }));
    return { bench, seen };
  }

  it("[F127] is told about the staged plugin; block: true is final and later handlers are not asked", async () => {
    const { bench, seen } = await guarded(
      guard('return { block: true, blockReason: "no more" };', 10),
      guard("", 0),
    );
    await expect(bench.install(await pluginFolder())).rejects.toMatchObject({
      code: "HOOK_BLOCKED",
      message: expect.stringContaining("no more"),
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]?.[0]).toMatchObject({
      targetType: "plugin",
      targetName: "sample",
      sourcePathKind: "directory",
      request: { kind: "plugin-dir", mode: "install" },
      plugin: { pluginId: "sample" },
    });
    expect(seen[0]?.[1]).toMatchObject({ targetType: "plugin", requestKind: "plugin-dir" });
    expect(bench.book.find("sample")).toBeUndefined();
  });

  it("[F127] findings that block nothing are shown to whoever installs", async () => {
    const { bench } = await guarded(
      guard(
        `return { block: false, findings: [{ severity: "warn", message: "reads \\u001b[2Jkeys", file: "index.mjs", line: 3 }, { ruleId: "wordless" }] };`,
        1,
      ),
      guard(`return { findings: ["plain words"] };`),
    );
    const { warnings } = await bench.install(await pluginFolder());
    const found = warnings.filter((text) => /keys|plain words|wordless/.test(text));
    expect(found).toEqual([expect.stringMatching(/^warn: reads .*keys \(index\.mjs:3\)$/), "plain words"]);
    expect(found.join()).not.toContain("\u001b");
  });

  it("[F127] takes block: false as no decision, which does not lift another's block", async () => {
    const { bench } = await guarded(
      guard("return { block: false };", 10),
      guard("return { block: true };", 0),
    );
    await expect(bench.install(await pluginFolder())).rejects.toMatchObject({ code: "HOOK_BLOCKED" });
  });

  it("[F127] lets pass what nobody blocks, and refuses when a handler fails", async () => {
    const { bench } = await guarded(guard("return { block: false };"));
    expect(await bench.install(await pluginFolder())).toMatchObject({ changed: true });
    const broken = await guarded(guard('throw new Error("lost");'));
    await expect(broken.bench.install(await pluginFolder({ id: "third" }))).rejects.toThrow();
    expect(broken.bench.book.find("third")).toBeUndefined();
  });
});
