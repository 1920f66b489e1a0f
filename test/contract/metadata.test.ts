import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writePlugin } from "../plugins/support/plugin-bench.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { contract } from "./support.ts";

const TRACED = { env: { SLUICE_PLUGIN_LIFECYCLE_TRACE: "1" }, logLevel: "debug" } as const;
const SCHEMA = {
  type: "object",
  additionalProperties: false,
  properties: { size: { type: "integer" } },
};

type Call = (method: string, params?: unknown) => Promise<{ lines: unknown[] }>;

/** How often the folders of plugins were looked at. */
async function looks(call: Call): Promise<number> {
  const { lines } = await call("logs.tail", { limit: 500 });
  return lines
    .map((line) => JSON.stringify(line))
    .filter((line) => /plugin-trace/.test(line) && /discover/.test(line)).length;
}

describe("what is known of plugins before their code runs", () => {
  it("[F165] [F166] [F170] one look at the folders serves the start, validation, lists and lookups of owners", async () => {
    const folder = await temporaryFolder();
    const quiet = await writePlugin(join(folder, "quiet"), "quiet", {
      files: { "index.mjs": `globalThis.quietRan = true; export default { id: "quiet", register() {} };` },
      manifest: {
        activation: { onStartup: false },
        configSchema: SCHEMA,
        providers: ["acme"],
        channels: ["acme-chat"],
      },
    });
    const { call, refusal, say } = await contract(
      { register: "" },
      {
        folder,
        config: { plugins: { load: { paths: [join(folder, "plugins", "probe"), quiet] } } },
        gateway: TRACED,
      },
    );
    const listed = async () => {
      const { plugins } = await call("plugins.list");
      return plugins.find(({ id }: { id: string }) => id === "quiet");
    };
    expect(await listed()).toMatchObject({ id: "quiet", status: "loaded" });
    const { hash } = await call("config.get");
    const wrong = { plugins: { entries: { quiet: { config: { size: "big" } } } } };
    const refused = await refusal("config.patch", { raw: JSON.stringify(wrong), baseHash: hash });
    expect(JSON.stringify(refused)).toContain("plugins.entries.quiet.config.size");
    expect((globalThis as { quietRan?: boolean }).quietRan).toBeUndefined();
    // Its manifest owns the provider that a session now asks for.
    await call("sessions.patch", { key: "main", model: "acme/some" }).catch(() => {});
    await say("hello");
    await expect.poll(() => (globalThis as { quietRan?: boolean }).quietRan).toBe(true);
    expect(await looks(call)).toBe(1);
  });

  it("[F168] [F171] a changed configuration replaces what is known, once; nothing expires by itself", async () => {
    const folder = await temporaryFolder();
    const { call } = await contract({ register: "" }, { folder, gateway: TRACED });
    const ids = async () =>
      (await call("plugins.list")).plugins.map(({ id }: { id: string }) => id) as string[];
    await writePlugin(join(folder, "state", "extensions", "later"), "later", { register: "" });
    expect(await ids()).not.toContain("later");
    const before = await looks(call);
    const { hash } = await call("config.get");
    const raw = JSON.stringify({ plugins: { entries: { later: { enabled: true } } } });
    await call("config.patch", { raw, baseHash: hash });
    await expect.poll(ids).toContain("later");
    expect(await looks(call)).toBe(before + 1);
    await ids();
    expect(await looks(call)).toBe(before + 1);
  });
});
