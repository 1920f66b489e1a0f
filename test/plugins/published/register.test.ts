import { describe, expect, it } from "vitest";
import { freePort } from "../../../scripts/support/irc-server.mjs";
import { publishedPackages } from "./support/packages.ts";
import { type PublishedPlugin, publishedGateway } from "./support/published-gateway.ts";

const available = await publishedPackages();

interface Expectation extends PublishedPlugin {
  shape: string;
  contributions: Record<string, unknown>;
}

/** Nothing listens there: an account that is configured tries in vain, quietly. */
const NOWHERE = "http://127.0.0.1:9";

const EXPECTED: readonly Expectation[] = [
  {
    package: "@openclaw/irc",
    id: "irc",
    config: { channels: { irc: { host: "127.0.0.1", port: 9, tls: false, nick: "bot" } } },
    shape: "plain-capability",
    contributions: { channel: ["irc"] },
  },
  {
    package: "@openclaw/nextcloud-talk",
    id: "nextcloud-talk",
    config: {
      channels: {
        "nextcloud-talk": {
          baseUrl: NOWHERE,
          botSecret: "secret",
          webhookHost: "127.0.0.1",
          webhookPort: await freePort(),
        },
      },
    },
    shape: "plain-capability",
    contributions: { channel: ["nextcloud-talk"] },
  },
  {
    package: "@openclaw/mattermost",
    id: "mattermost",
    config: { channels: { mattermost: { baseUrl: NOWHERE, botToken: "token" } } },
    shape: "plain-capability",
    contributions: { channel: ["mattermost"], httpRoute: ["exact /api/channels/mattermost/command"] },
  },
  {
    package: "@openclaw/brave-plugin",
    id: "brave",
    shape: "plain-capability",
    contributions: { webSearchProvider: ["brave"] },
  },
  {
    package: "@openclaw/deepseek-provider",
    id: "deepseek",
    shape: "plain-capability",
    contributions: { provider: ["deepseek"], modelCatalogProvider: ["deepseek"] },
  },
  {
    package: "@mem0/openclaw-mem0",
    id: "openclaw-mem0",
    slots: { memory: "openclaw-mem0" },
    shape: "non-capability",
    contributions: { service: ["openclaw-mem0"] },
  },
  {
    package: "@wecom/wecom-openclaw-plugin",
    id: "wecom-openclaw-plugin",
    shape: "plain-capability",
    contributions: { channel: ["wecom"], tool: ["wecom_mcp"] },
  },
  {
    package: "@soimy/dingtalk",
    id: "dingtalk",
    shape: "plain-capability",
    contributions: { channel: ["dingtalk"], tool: ["dingtalk_ask_user_question"] },
  },
];

describe.skipIf(!available)("published packages, unmodified", () => {
  it.each(EXPECTED)(
    "[F001] $package links, registers what it is and unloads without a trace",
    async (plugin) => {
      const { services } = await publishedGateway(plugin);
      const { plugins, registry, config } = services;
      const inspection = await plugins.inspect(plugin.id);
      expect(inspection).toMatchObject({ status: "loaded", shape: plugin.shape });
      expect(inspection?.contributions).toMatchObject(plugin.contributions);
      expect(inspection?.diagnostics.filter(({ level }) => level === "error")).toEqual([]);

      const ofOthers = () =>
        plugins
          .records()
          .filter(({ id }) => id !== plugin.id)
          .flatMap(({ id }) => registry.current().ofPlugin(id));
      const before = ofOthers();
      await config.mutate(
        (draft) => {
          (draft as { plugins: { entries: Record<string, object> } }).plugins.entries[plugin.id] = {
            enabled: false,
          };
        },
        { reason: "test", afterWrite: { mode: "auto" } },
      );
      await plugins.applyConfig();
      expect(registry.current().ofPlugin(plugin.id)).toEqual([]);
      const after = ofOthers();
      expect(after).toHaveLength(before.length);
      for (const [at, entry] of after.entries()) expect(entry).toBe(before[at]);
    },
  );

  it("all live in one gateway, which serves on while each goes again", async () => {
    const { services, httpUrl } = await publishedGateway(...EXPECTED);
    const { plugins, registry, config } = services;
    const ids = EXPECTED.map(({ id }) => id);
    const state = (id: string) => plugins.records().find((record) => record.id === id);
    for (const id of ids) expect(state(id), id).toMatchObject({ status: "loaded" });
    const servers = () => process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length;
    const before = servers();
    for (const id of ids) {
      await config.mutate(
        (draft) => {
          (draft as { plugins: { entries: Record<string, object> } }).plugins.entries[id] = {
            enabled: false,
          };
        },
        { reason: "test", afterWrite: { mode: "auto" } },
      );
      await plugins.applyConfig();
      expect(registry.current().ofPlugin(id)).toEqual([]);
      expect(state(id)?.diagnostics.filter(({ code }) => /drain|cleanup|uncaught/.test(code))).toEqual([]);
    }
    expect(servers()).toBeLessThanOrEqual(before);
    expect((await fetch(`${httpUrl}/readyz`)).status).toBe(200);
  });
});
