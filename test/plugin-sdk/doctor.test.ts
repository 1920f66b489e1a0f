import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  GoogleChatConfigSchema,
  WhatsAppConfigSchema,
} from "../../src/plugin-sdk/bundled-channel-config-schema.ts";
import {
  buildChannelConfigSchema,
  MSTeamsReplyStyleSchema,
} from "../../src/plugin-sdk/channel-config-schema.ts";
import { resolveDangerousNameMatchingEnabled } from "../../src/plugin-sdk/dangerous-name-runtime.ts";
import {
  detectPluginInstallPathIssue,
  formatPluginInstallPathIssue,
  removePluginFromConfig,
} from "../../src/plugin-sdk/doctor-repair-runtime.ts";
import {
  archiveLegacyStateSource,
  collectProviderDangerousNameMatchingScopes,
  defineKeyMoveMigration,
  definePluginDoctorMigrationFromPlans,
  defineStrayPluginEntryConfigMigration,
  legacyStateFileExists,
  normalizeChannelAccounts,
  normalizeChannelConfigEntries,
} from "../../src/plugin-sdk/runtime-doctor-migrations.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("settings that moved", () => {
  const move = defineKeyMoveMigration({
    scope: ["guilds", "*", "channels", "*"],
    from: ["allow"],
    to: ["enabled"],
  });
  const entry = {
    guilds: {
      one: { channels: { a: { allow: true }, b: { allow: false, enabled: true }, c: { enabled: true } } },
      two: "odd",
    },
  };

  it("are found and moved wherever the scope says, the new one winning", () => {
    const changes: string[] = [];
    expect(move.hasLegacy(entry)).toBe(true);
    const moved = move.normalize({ entry, pathPrefix: "channels.chat", changes });
    expect(moved).toEqual({
      entry: {
        guilds: {
          one: { channels: { a: { enabled: true }, b: { enabled: true }, c: { enabled: true } } },
          two: "odd",
        },
      },
      changed: true,
    });
    expect(changes).toEqual([
      "Moved channels.chat.guilds.one.channels.a.allow to channels.chat.guilds.one.channels.a.enabled.",
      "Removed channels.chat.guilds.one.channels.b.allow; channels.chat.guilds.one.channels.b.enabled is set.",
    ]);
    expect(move.hasLegacy(moved.entry)).toBe(false);
    expect(move.normalize({ entry: moved.entry, pathPrefix: "x", changes }).entry).toBe(moved.entry);
  });

  it("move only where their value is of the old kind", () => {
    const tools = defineKeyMoveMigration({
      from: ["tools", "base"],
      to: ["tools", "bitable"],
      match: (value) => typeof value === "boolean",
    });
    const changes: string[] = [];
    const other = { tools: { base: { app: "x" } } };
    expect(tools.normalize({ entry: other, pathPrefix: "p", changes })).toEqual({
      entry: other,
      changed: false,
    });
    expect(
      tools.normalize({ entry: { tools: { base: true, a: 1 } }, pathPrefix: "p", changes }).entry,
    ).toEqual({
      tools: { bitable: true, a: 1 },
    });
  });

  it("are edited at the root and in each account", () => {
    const cfg = { channels: { chat: { old: 1, accounts: { a: { old: 2 }, b: { fine: 3 }, c: "odd" } } } };
    const rename = defineKeyMoveMigration({ from: "old", to: "fine" });
    const seen: (string | undefined)[] = [];
    const result = normalizeChannelConfigEntries({
      cfg,
      channelId: "chat",
      changes: ["before"],
      normalizeEntry: (params) => {
        seen.push(params.accountId);
        return rename.normalize(params);
      },
    });
    expect(result.config).toEqual({
      channels: { chat: { fine: 1, accounts: { a: { fine: 2 }, b: { fine: 3 }, c: "odd" } } },
    });
    expect(result.changes).toHaveLength(3);
    expect(seen).toEqual([undefined, "a", "b"]);
    const changes: string[] = [];
    const accounts = normalizeChannelAccounts({
      entry: cfg.channels.chat,
      pathPrefix: "channels.chat",
      changes,
      normalizeAccount: ({ account, accountId, pathPrefix }) => {
        expect(pathPrefix).toBe(`channels.chat.accounts.${accountId}`);
        return rename.normalize({ entry: account, pathPrefix, changes });
      },
    });
    expect(accounts.entry).toMatchObject({ old: 1, accounts: { a: { fine: 2 } } });
    expect(
      normalizeChannelAccounts({ entry: {}, pathPrefix: "", changes, normalizeAccount: () => accounts }),
    ).toEqual({
      entry: {},
      changed: false,
    });
  });

  it("move from a plugin's entry to its channel when the result is valid", () => {
    const cfg = {
      plugins: { entries: { chat: { enabled: true, config: { appId: "a", domain: "d" } }, other: {} } },
      channels: { chat: { domain: "kept" } },
    };
    const migration = (valid: boolean) =>
      defineStrayPluginEntryConfigMigration({
        pluginId: "chat",
        channelId: "chat",
        validateMergedChannelConfig: () => valid,
      });
    expect(migration(true).legacyConfigRule.match?.(cfg.plugins.entries.chat.config, cfg)).toBe(true);
    expect(migration(true).legacyConfigRule.match?.({}, cfg)).toBe(false);
    expect(migration(true).normalizeConfig({ cfg })).toEqual({
      config: {
        plugins: { entries: { chat: { enabled: true }, other: {} } },
        channels: { chat: { appId: "a", domain: "kept" } },
      },
      changes: ["Moved plugins.entries.chat.config to channels.chat (domain stayed as set there)."],
    });
    const refused = migration(false).normalizeConfig({ cfg });
    expect(refused.config).toBe(cfg);
    expect(refused.warnings).toHaveLength(1);
    expect(migration(true).normalizeConfig({ cfg: {} })).toEqual({ config: {}, changes: [] });
  });
});

describe("files of older versions", () => {
  it("are set aside under a name that is free", async () => {
    const folder = await temporaryFolder();
    const filePath = join(folder, "old.json");
    const report = { changes: [] as string[], warnings: [] as string[] };
    for (const content of ["1", "2"]) {
      await writeFile(filePath, content);
      expect(await legacyStateFileExists(filePath)).toBe(true);
      await archiveLegacyStateSource({ filePath, label: "the cache", ...report });
    }
    expect((await readdir(folder)).sort()).toEqual(["old.json.migrated", "old.json.migrated.1"]);
    expect(report.changes).toHaveLength(2);
    await archiveLegacyStateSource({ filePath, label: "the cache", ...report });
    expect(report.warnings).toHaveLength(1);
    expect(await legacyStateFileExists(filePath)).toBe(false);
  });

  it("are imported and moved by a plan, again without harm", async () => {
    const stateDir = await temporaryFolder();
    await mkdir(join(stateDir, "chat"));
    const [source, keys] = [join(stateDir, "chat/bindings.json"), join(stateDir, "creds.json")];
    await writeFile(source, '{"a":1,"b":2}');
    await writeFile(keys, "creds");
    const entries = new Map<string, unknown>([["b", "there already"]]);
    const store = {
      lookup: async (key: string) => entries.get(key),
      registerIfAbsent: async (key: string, value: unknown) => {
        if (entries.has(key)) return false;
        entries.set(key, value);
        return true;
      },
    };
    const migration = definePluginDoctorMigrationFromPlans({
      id: "chat-state",
      label: "Chat state",
      resolvePlans: async (params) => [
        ...((await legacyStateFileExists(source))
          ? [
              {
                kind: "plugin-state-import" as const,
                label: "bindings",
                sourcePath: source,
                targetPath: "plugin state:bindings",
                namespace: "bindings",
                maxEntries: 2,
                cleanupSource: "rename" as const,
                readEntries: async () =>
                  Object.entries(JSON.parse(await readFile(source, "utf8"))).map(([key, value]) => ({
                    key,
                    value,
                  })),
              },
            ]
          : []),
        ...((await legacyStateFileExists(keys))
          ? [
              {
                kind: "move" as const,
                label: "credentials",
                sourcePath: keys,
                targetPath: join(params.oauthDir, "chat/default/creds.json"),
              },
            ]
          : []),
      ],
    });
    const params = {
      stateDir,
      oauthDir: join(stateDir, "credentials"),
      context: { openPluginStateKeyedStore: () => store },
    };
    expect((await migration.detectLegacyState(params))?.preview).toHaveLength(2);
    const report = await migration.migrateLegacyState(params);
    expect(report.warnings).toEqual([]);
    expect([...entries]).toEqual([
      ["b", "there already"],
      ["a", 1],
    ]);
    expect(String(await readFile(join(stateDir, "credentials/chat/default/creds.json")))).toBe("creds");
    expect(await readdir(join(stateDir, "chat"))).toEqual(["bindings.json.migrated"]);
    expect(await migration.detectLegacyState(params)).toBeNull();
  });

  it("stay where they are when something is wrong with them", async () => {
    const folder = await temporaryFolder();
    const source = join(folder, "old.json");
    await writeFile(source, "x");
    const plan = (more: object) =>
      definePluginDoctorMigrationFromPlans({
        id: "x",
        label: "x",
        resolvePlans: () => [
          {
            kind: "plugin-state-import",
            label: "entries",
            sourcePath: source,
            targetPath: "store",
            namespace: "n",
            maxEntries: 1,
            cleanupSource: "remove",
            readEntries: () => [{ key: "a", value: 1 }],
            ...more,
          },
        ],
      }).migrateLegacyState({
        stateDir: folder,
        oauthDir: folder,
        context: {
          openPluginStateKeyedStore: () => ({
            lookup: async () => undefined,
            registerIfAbsent: async () => true,
          }),
        },
      });
    const broken = () => {
      throw new Error("version 3");
    };
    for (const more of [{}, { readEntries: broken }, { maxEntries: 0 }]) {
      expect((await plan(more)).warnings).toHaveLength(1);
      expect(await legacyStateFileExists(source)).toBe(true);
    }
  });
});

describe("a plugin installed from a folder", () => {
  it("is reported when the folder is odd or gone, and can be taken out of the configuration", async () => {
    const folder = await temporaryFolder();
    const find = (sourcePath: string, source = "path") =>
      detectPluginInstallPathIssue({ pluginId: "chat", install: { source, sourcePath } });
    expect(await find(folder)).toEqual({ kind: "custom-path", pluginId: "chat", path: folder });
    expect(await find(folder, "npm")).toBeNull();
    const issue = await find(join(folder, "gone"));
    expect(issue?.kind).toBe("missing-path");
    const lines = formatPluginInstallPathIssue({
      issue: issue as NonNullable<typeof issue>,
      pluginLabel: "Chat",
      defaultInstallCommand: "openclaw plugins install chat",
    });
    expect(lines.at(-1)).toContain("sluice plugins install chat");
    const config = {
      other: 1,
      plugins: {
        entries: { chat: {}, kept: {} },
        installs: { chat: { source: "path", sourcePath: "/p" } },
        allow: ["chat"],
        load: { paths: ["/p", "/q"] },
        slots: { memory: "chat" },
      },
    };
    const { config: next, actions } = removePluginFromConfig(config, "chat");
    expect(next).toEqual({
      other: 1,
      plugins: { entries: { kept: {} }, installs: {}, allow: [], load: { paths: ["/q"] }, slots: {} },
    });
    expect(actions).toEqual({
      entry: true,
      install: true,
      allowlist: true,
      denylist: false,
      loadPath: true,
      slots: true,
    });
    expect(removePluginFromConfig(next, "chat").config).toBe(next);
  });
});

describe("matching by name", () => {
  it("is the account's setting, else the channel's, and known for every scope", () => {
    const on = { dangerouslyAllowNameMatching: true };
    const off = { dangerouslyAllowNameMatching: false };
    expect(resolveDangerousNameMatchingEnabled({ providerConfig: on })).toBe(true);
    expect(resolveDangerousNameMatchingEnabled({ providerConfig: on, accountConfig: off })).toBe(false);
    expect(resolveDangerousNameMatchingEnabled({ accountConfig: null })).toBe(false);
    const cfg = { channels: { chat: { ...on, accounts: { a: {}, b: off } } } };
    expect(
      collectProviderDangerousNameMatchingScopes(cfg, "chat").map(
        ({ prefix, dangerousNameMatchingEnabled }) => [prefix, dangerousNameMatchingEnabled],
      ),
    ).toEqual([
      ["channels.chat", true],
      ["channels.chat.accounts.a", true],
      ["channels.chat.accounts.b", false],
    ]);
  });
});

describe("schemas of published channels", () => {
  it("take their settings with defaults at the root only, and nothing unknown", () => {
    const parsed = WhatsAppConfigSchema.parse({ accounts: { work: { authDir: "/a", allowFrom: ["+1"] } } });
    expect(parsed).toMatchObject({ dmPolicy: "pairing", groupPolicy: "allowlist", mediaMaxMb: 50 });
    expect(parsed["accounts"]).toEqual({ work: { authDir: "/a", allowFrom: ["+1"] } });
    expect(WhatsAppConfigSchema.safeParse({ dmPolicy: "open" }).success).toBe(false);
    expect(WhatsAppConfigSchema.safeParse({ dmPolicy: "open", allowFrom: ["*"] }).success).toBe(true);
    expect(WhatsAppConfigSchema.safeParse({ surprise: 1 }).success).toBe(false);
    const account = { env: "x", private_key: "y" };
    expect(GoogleChatConfigSchema.safeParse({ serviceAccount: account, allowFrom: [1, "a"] }).success).toBe(
      true,
    );
    expect(GoogleChatConfigSchema.safeParse({ audienceType: "other" }).success).toBe(false);
    const { schema } = buildChannelConfigSchema(GoogleChatConfigSchema);
    expect(schema).toMatchObject({ type: "object", additionalProperties: false });
    expect(Object.keys((schema as { properties: object }).properties)).toContain("accounts");
    expect(MSTeamsReplyStyleSchema.options).toEqual(["thread", "top-level"]);
  });
});
