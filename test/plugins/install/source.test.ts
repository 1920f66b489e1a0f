import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSluiceError } from "../../../src/kernel/errors.ts";
import { enableIn, forgetIn } from "../../../src/plugins/install/config-edit.ts";
import { parseSource } from "../../../src/plugins/install/index.ts";
import { npmEnvironment } from "../../../src/plugins/install/npm-client.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("what an operator may write as a package", () => {
  it.each([
    ["irc", { kind: "npm", spec: "irc" }],
    ["@openclaw/irc", { kind: "npm", spec: "@openclaw/irc" }],
    ["@openclaw/irc@2026.9.5", { kind: "npm", spec: "@openclaw/irc@2026.9.5" }],
    ["npm:left@^1.0.0", { kind: "npm", spec: "left@^1.0.0" }],
    [" name@next ", { kind: "npm", spec: "name@next" }],
  ])("%j is a package of npm", async (text, expected) => {
    expect(await parseSource(text, { cwd: "/" })).toEqual(expected);
  });

  it("a folder or a tarball is one only when written as a path", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "a.tgz"), "");
    expect(await parseSource("a.tgz", { cwd })).toEqual({ kind: "archive", path: join(cwd, "a.tgz") });
    expect(await parseSource("npm-pack:a.tgz", { cwd })).toMatchObject({ kind: "archive" });
    expect(await parseSource(".", { cwd, link: true })).toEqual({ kind: "folder", path: cwd, link: true });
    await expect(parseSource("a.tgz", { cwd, link: true })).rejects.toMatchObject({ code: "SPEC_INVALID" });
    await expect(parseSource("name", { cwd, link: true })).rejects.toMatchObject({ code: "SPEC_INVALID" });
  });

  it("never becomes an option, an address or a shell word for npm, whatever is written", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `npm:${text}`),
        ),
        async (text) => {
          try {
            const source = await parseSource(text, { cwd: "/nowhere" });
            if (source.kind === "npm")
              expect(source.spec).toMatch(/^(@[\w.-]+\/)?[a-z0-9][\w.-]*(@[^\s/:@]+)?$/i);
          } catch (error) {
            expect(isSluiceError(error)).toBe(true);
          }
        },
      ),
    );
  });
});

describe("npm's environment", () => {
  it("has no secrets of the gateway and nothing of an npm that runs above", () => {
    const given = {
      PATH: "/bin",
      npm_config_registry: "x",
      npm_config_prefix: "/usr",
      npm_package_name: "outer",
      SLUICE_GATEWAY_TOKEN: "secret",
      OPENCLAW_GATEWAY_TOKEN: "secret",
      INIT_CWD: "/",
      ABSENT: undefined,
    };
    expect(npmEnvironment(given)).toEqual({
      PATH: "/bin",
      npm_config_registry: "x",
      npm_config_ignore_scripts: "true",
      npm_config_update_notifier: "false",
    });
  });
});

describe("edits of the configuration", () => {
  it("enabling twice is enabling once, and uninstalling keeps everything of other plugins", () => {
    const id = fc.constantFrom("one", "two", "three");
    const config = fc.record({
      plugins: fc.record(
        {
          allow: fc.uniqueArray(id),
          deny: fc.uniqueArray(id),
          entries: fc.dictionary(
            id,
            fc.record({ enabled: fc.boolean(), config: fc.object({ maxDepth: 1 }) }),
          ),
        },
        { requiredKeys: [] },
      ),
      other: fc.jsonValue(),
    });
    fc.assert(
      fc.property(config, id, (given, name) => {
        const once = structuredClone(given) as Record<string, unknown>;
        enableIn(once, [name], []);
        const twice = structuredClone(once);
        enableIn(twice, [name], []);
        expect(twice).toEqual(once);
        forgetIn(twice, [name], { keepConfig: false, purgeChannels: false, channels: [] });
        const left = twice["plugins"] as {
          entries: Record<string, unknown>;
          deny?: string[];
          allow?: string[];
        };
        expect(left.entries[name]).toEqual({ enabled: false });
        const { [name]: _mine, ...others } = given.plugins.entries ?? {};
        expect(left.entries).toMatchObject(others);
        expect(twice["other"]).toEqual(given.other);
        // A closed list never becomes an open one.
        expect((left.allow ?? []).length > 0).toBe((given.plugins.allow ?? []).length > 0);
      }),
    );
  });
});
