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

describe("settings that stood in the file before the start", () => {
  const CHAT = {
    manifest: {
      channels: ["chat"],
      channelConfigs: {
        chat: {
          schema: {
            type: "object",
            additionalProperties: false,
            required: ["server"],
            properties: { server: { type: "string" }, port: { type: "integer", default: 6667 } },
          },
        },
      },
    },
    register: `api.registerChannel({ id: "chat", capabilities: { chatTypes: ["direct"] },
      config: { listAccountIds: () => [], resolveAccount: () => ({}) } });`,
  };
  const wrong = { chat: { server: 7, extra: true }, ghost: {}, defaults: {} };

  it("[F005] [F163] are checked by the manifests' schemas and told everywhere, and stop no start", async () => {
    const { call, say } = await contract(CHAT, {
      config: { channels: wrong },
      gateway: { logLevel: "warn" },
    });
    const { valid, issues } = await call("config.get");
    expect(valid).toBe(false);
    expect(issues.map(({ path }: { path: string }) => path)).toEqual([
      "channels.chat.extra",
      "channels.chat.server",
      "channels.ghost",
    ]);
    expect(await say("hello")).toContain("You said: hello");
    const logged = async () => JSON.stringify((await call("logs.tail", { limit: 500 })).lines);
    await expect.poll(logged).toContain("configuration: channels.ghost: unknown channel");
    const fine = await contract(CHAT, { config: { channels: { chat: { server: "s" } } } });
    expect(await fine.call("config.get")).toMatchObject({ valid: true, issues: [] });
  });

  it("[F163] are left alone where a configured folder is missing, and once their plugin is gone only stale", async () => {
    const folder = await temporaryFolder();
    const away = { load: { paths: [join(folder, "plugins", "probe"), join(folder, "nowhere")] } };
    const missing = await contract(CHAT, { folder, config: { channels: { ghost: {} }, plugins: away } });
    expect((await missing.call("config.get")).issues).toEqual([]);
    const stale = await contract(CHAT, {
      config: { channels: { ghost: {} }, plugins: { allow: ["probe", "ghost", "echo"] } },
    });
    const { issues, warnings } = await stale.call("config.get");
    expect(issues).toEqual([]);
    expect(warnings).toContainEqual(expect.objectContaining({ path: "channels.ghost" }));
  });

  it("[F160] [F163] of slots and lists must name plugins; an unknown memory is refused", async () => {
    const { call, refusal } = await contract(CHAT);
    const { hash } = await call("config.get");
    const wrong = { raw: JSON.stringify({ plugins: { slots: { memory: "no-such" } } }), baseHash: hash };
    expect(JSON.stringify(await refusal("config.patch", wrong))).toContain("plugins.slots.memory");
    const stale = { plugins: { deny: ["lost"], slots: { memory: "none" } } };
    await call("config.patch", { raw: JSON.stringify(stale), baseHash: hash });
  });
});
