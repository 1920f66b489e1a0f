import { writeFile } from "node:fs/promises";
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

/** Name, definition, exit code, and what the report says. */
const HOSTILE: readonly (readonly [string, string, number, RegExp])[] = [
  ["loops", "register() { for (;;); }", EXIT.TIMED_OUT, /held the event loop in .*index\.js:1/],
  [
    "never-finishes",
    "register() {} }; await new Promise(() => {}); const rest = {",
    EXIT.TIMED_OUT,
    /ended after 4 s: something it waits for never comes/,
  ],
  ["exits", "register() { process.exit(0); }", EXIT.FAILED, /its process ended with status 0/],
  [
    "throws-late",
    "register() { setTimeout(() => { throw new Error('weeds'); }, 5); const end = Date.now() + 50; while (Date.now() < end); }",
    EXIT.FAILED,
    /its process ended with status 1/,
  ],
];

describe("sluice plugins test", () => {
  it("contains plugins that loop for ever, never finish, end the process or throw late", async () => {
    const { root, run } = await author();
    const contained = HOSTILE.map(async ([name, body, status, reason]) => {
      const folder = join(root, name);
      await run("create", folder, "--shape", "command", "--javascript", "--id", "garden");
      await writeFile(join(folder, "index.js"), `export default { id: 'garden', ${body} };`);
      const tested = await run("test", folder, "--json", "--timeout", "4");
      const { ok, checks } = JSON.parse(tested.stdout) as {
        ok: boolean;
        checks: { name: string; outcome: string; details: string[] }[];
      };
      expect({ name, status: tested.status, ok }).toEqual({ name, status, ok: false });
      const failed = checks.filter(({ outcome }) => outcome === "failed");
      expect(failed.map(({ details }) => details.join()).join()).toMatch(reason);
      expect(checks.at(-1)).toMatchObject({ name: "own tests" });
    });
    await Promise.all(contained);
  });

  it("shows what the plugin prints while it is tested, apart from the report", async () => {
    const { root, run } = await author();
    const folder = join(root, "garden");
    await run("create", folder, "--shape", "command", "--javascript");
    await writeFile(
      join(folder, "index.js"),
      "console.log('said by the plugin'); export default { id: 'garden', register() {} };",
    );
    const tested = await run("test", folder, "--json");
    expect(tested.stderr).toContain("said by the plugin");
    expect(JSON.parse(tested.stdout)).toMatchObject({ pluginIds: ["garden"] });
    const here = await run("test", folder, "--here");
    expect(here.stdout).toMatch(/said by the plugin[\s\S]*ok {3}register/);
  });
});
