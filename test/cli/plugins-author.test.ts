import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { sluice } from "../support/sluice-command.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function author() {
  const root = await temporaryFolder("sluice-author-");
  return {
    root,
    run: (...args: string[]) => sluice(["plugins", ...args], { stateDir: join(root, "state") }),
  };
}

describe("sluice plugins for authors", () => {
  it("creates a plugin, tests it, and installs it", async () => {
    const { root, run } = await author();
    const folder = join(root, "garden");
    const made = await run("create", folder, "--shape", "tool", "--json");
    expect(made.status).toBe(EXIT.OK);
    expect(JSON.parse(made.stdout)).toMatchObject({
      id: "garden",
      shape: "tool",
      files: expect.arrayContaining(["index.ts"]),
    });
    const tested = await run("test", folder);
    expect(tested.status).toBe(EXIT.OK);
    expect(tested.stdout).toContain("ok   own tests");
    expect((await run("install", folder, "--yes")).stdout).toBe("garden 0.1.0 is installed and enabled\n");
    expect(JSON.parse((await run("inspect", "garden", "--json")).stdout)).toMatchObject({
      status: "loaded",
      contributions: { tool: ["garden_count"] },
    });
    expect(await readdir(root)).toEqual(["garden", "state"]);
  });

  it("fails with a report when the contract is broken", async () => {
    const { root, run } = await author();
    const folder = join(root, "garden");
    await run("create", folder, "--shape", "command", "--javascript");
    await writeFile(
      join(folder, "index.js"),
      "export default { id: 'garden', register() { throw new Error('weeds'); } };",
    );
    const tested = await run("test", folder, "--json");
    expect(tested.status).toBe(EXIT.FAILED);
    const { ok, checks } = JSON.parse(tested.stdout) as {
      ok: boolean;
      checks: { name: string; outcome: string; details: string[] }[];
    };
    expect(ok).toBe(false);
    expect(checks.find(({ name }) => name === "register")).toMatchObject({
      outcome: "failed",
      details: [expect.stringContaining("weeds")],
    });
  });

  it("ends although the plugin left a timer running, and says so", async () => {
    const { root, run } = await author();
    const folder = join(root, "garden");
    await run("create", folder, "--shape", "command", "--javascript");
    await writeFile(
      join(folder, "index.js"),
      "export default { id: 'garden', register() { setInterval(() => {}, 60_000); } };",
    );
    const tested = await run("test", folder);
    expect(tested.status).toBe(EXIT.FAILED);
    expect(tested.stdout).toMatch(/FAIL unload.*\n.*left open: 1 × timer opened at index\.js:1/);
  });

  it("answers wrong usage for unknown shapes, taken folders and odd ids", async () => {
    const { root, run } = await author();
    await run("create", join(root, "there"), "--shape", "hook");
    for (const args of [
      ["create", join(root, "x")],
      ["create", join(root, "x"), "--shape", "teapot"],
      ["create", join(root, "Two Words"), "--shape", "tool"],
      ["create", root, "--shape", "tool", "--id", "fine"],
      ["test", join(root, "nowhere")],
      ["test", root, "--config", "[]"],
    ]) {
      expect((await run(...args)).status, args.join(" ")).toBe(EXIT.USAGE);
    }
  });
});
