import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { mergePatchBetween } from "../../src/cli/repairs/merge-patch.ts";
import { writePlugin } from "../plugins/support/plugin-bench.ts";
import { sluice } from "../support/sluice-command.ts";
import { spawnGateway } from "../support/spawned-gateway.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** What published channel plugins bring: rules that find older settings, and a function that moves them. */
const CONTRACT = `
export const legacyConfigRules = [{ path: ["plugins", "entries", "mover", "config"], message: "mode is now reply.mode",
  match: (value) => value.mode !== undefined }];
export function normalizeCompatibilityConfig({ cfg }) {
  const config = cfg.plugins.entries.mover.config;
  if (config?.mode === undefined) return { config: cfg, changes: [] };
  const { mode, ...rest } = config;
  cfg.plugins.entries.mover.config = { ...rest, reply: { mode } };
  return { config: cfg, changes: ["Moved mode to reply.mode."] };
}`;

describe("older settings of plugins", () => {
  it("are named by doctor and moved by doctor --fix, comments and the rest kept", async () => {
    const stateDir = await temporaryFolder();
    const folder = await writePlugin(join(stateDir, "own", "mover"), "mover", {
      register: "",
      files: { "doctor-contract-api.mjs": CONTRACT },
    });
    const file = join(stateDir, "sluice.json");
    const path = JSON.stringify(folder);
    await writeFile(
      file,
      `{ // mine\n  plugins: { load: { paths: [${path}] }, entries: { mover: { enabled: true, config: { mode: "all", keep: 1 } } } } }`,
    );
    const gateway = await spawnGateway({ stateDir });
    onTestFinished(() => gateway.dispose());
    const env = { SLUICE_GATEWAY_PORT: String(gateway.port), SLUICE_GATEWAY_TOKEN: gateway.token };
    const before = await sluice(["doctor"], { stateDir, env });
    expect(before.stdout).toContain("mode is now reply.mode");
    expect(before.stdout).toContain("sluice doctor --fix");
    const fixed = await sluice(["doctor", "--fix"], { stateDir, env });
    expect(fixed.stdout).toContain("fixed Moved mode to reply.mode.");
    const text = await readFile(file, "utf8");
    expect(text).toContain("// mine");
    expect(text).toMatch(/reply[\s\S]*all/);
    expect(text).not.toMatch(/config: \{\s*"?mode/);
    expect((await sluice(["doctor", "--json"], { stateDir, env })).stdout).toContain('"older settings"');
    expect((await sluice(["doctor"], { stateDir, env })).stdout).not.toContain("mode is now");
  });

  it("become a patch that makes the new file out of the old one", () => {
    const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes("null"));
    const fields = fc.dictionary(fc.stringMatching(/^[a-c]$/), json, { maxKeys: 3 });
    fc.assert(
      fc.property(fields, fields, (from, to) => {
        const patch = mergePatchBetween(from, to);
        expect(applied(from, patch ?? {})).toEqual(to);
        expect(mergePatchBetween(to, to)).toBeUndefined();
      }),
    );
  });
});

/** RFC 7396, as it is written there. */
function applied(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === "object" && target !== null && !Array.isArray(target) ? target : {};
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applied(result[key], value);
  }
  return result;
}
