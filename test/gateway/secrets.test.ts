import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { testGateway } from "./support/gateway.ts";
import { WireClient } from "./support/wire-client.ts";

const canary = (place: string) => `CANARY-${place}-8d3f`;

/** A configuration with a secret in every kind of place, and a plugin that declares one and throws another. */
async function canaryGateway() {
  const folder = await temporaryFolder();
  const stateDir = await temporaryFolder();
  const plugin = join(folder, "leaky");
  await mkdir(plugin);
  await writeFile(
    join(plugin, "openclaw.plugin.json"),
    JSON.stringify({
      id: "leaky",
      activation: { onStartup: true },
      channels: ["postbox"],
      configSchema: { type: "object", properties: {} },
      uiHints: { signature: { sensitive: true }, "rooms[].pin": { sensitive: true } },
      channelConfigs: { postbox: { schema: { type: "object" }, uiHints: { knock: { sensitive: true } } } },
    }),
  );
  await writeFile(
    join(plugin, "package.json"),
    JSON.stringify({ name: "leaky", type: "module", openclaw: { extensions: ["./index.js"] } }),
  );
  await writeFile(
    join(plugin, "index.js"),
    `export default { id: "leaky", name: "Leaky", register(api) {
      const { apiKey, signature } = api.pluginConfig;
      api.registerGatewayMethod("leaky.signed", () => { api.logger.warn("signed " + signature); throw new Error("refused " + signature); }, { scope: "operator.read" });
      api.logger.warn("key is " + apiKey, { apiKey, note: apiKey });
      api.registerGatewayMethod("leaky.fail", () => { throw new Error("refused for " + apiKey); }, { scope: "operator.read" });
      api.registerGatewayMethod("leaky.respond", ({ respond }) => respond(false, undefined, { code: "UNAVAILABLE", message: "no " + apiKey }), { scope: "operator.read" });
      api.registerGatewayMethod("leaky.environment", () => { throw new Error("refused ${canary("environment")}"); }, { scope: "operator.read" });
      api.registerHttpRoute({ path: "/leaky", auth: "plugin", handler: () => { throw new Error(apiKey); } });
    } };\n`,
  );
  const configPath = join(folder, "sluice.json");
  const config = {
    models: {
      providers: {
        fake: {
          baseUrl: `http://me:${canary("address")}@127.0.0.1:9/v1?key=${canary("query")}`,
          apiKey: canary("apikey"),
          headers: { "X-Custom": canary("header") },
          models: [{ id: "m" }],
        },
        referred: {
          baseUrl: "http://127.0.0.1:9/v1",
          apiKey: { source: "env", provider: "default", id: "REFERRED" },
          models: [{ id: "m" }],
        },
      },
    },
    env: { vars: { SOME_NAME: canary("variable") } },
    channels: {
      irc: { enabled: false, password: canary("channel") },
      postbox: { knock: canary("hint"), accounts: { one: { knock: canary("account") } } },
    },
    plugins: {
      load: { paths: [plugin] },
      entries: {
        leaky: {
          enabled: true,
          config: {
            apiKey: canary("plugin"),
            signature: canary("sensitive"),
            rooms: [{ pin: canary("listed") }],
            webhookUrl: `https://hooks.test/${canary("hook")}`,
          },
        },
      },
    },
  };
  await writeFile(configPath, `// ${canary("apikey")} is the key\n${JSON.stringify(config, null, 1)}`);
  const gateway = await testGateway({
    stateDir,
    configPath,
    env: { REFERRED: canary("referred"), LEAKY_API_KEY: canary("environment") },
    logLevel: "debug",
  });
  return { ...gateway, url: gateway.url, port: gateway.port, stateDir, configPath };
}

/** They change the installation, end the connection or ask a registry. */
const LEFT_OUT =
  /^(plugins\.(search|install|uninstall|setEnabled)|config\.(set|patch)|sessions\.delete|device\..*)$/;

describe("secrets of the configuration", () => {
  it("[F249] are in no answer, event or log line, whatever is asked and whatever fails", async () => {
    const { url, port, stateDir, configPath } = await canaryGateway();
    for (const scopes of [["operator.read"], ["operator.admin", "operator.read", "operator.write"]]) {
      const client = await WireClient.open(url, { scopes });
      const methods: string[] = client.frames.at(-1)?.payload.features.methods ?? [];
      const parameters = [{}, { pluginId: "leaky" }, { key: "agent:main:main" }, { limit: 50 }];
      for (const method of methods.filter((name) => !LEFT_OUT.test(name))) {
        for (const params of parameters) await client.call(method, params);
      }
      if (scopes.length > 1) {
        for (const model of ["fake/m", "referred/m"]) {
          await client.call("agent", {
            message: "hi",
            sessionKey: "agent:main:main",
            model,
            idempotencyKey: model,
          });
        }
        await client.next((frame) => frame.event === "chat" && frame.payload.state === "error");
        const { hash } = (await client.call("config.get")).payload;
        await client.call("config.patch", { raw: "{ session: { scope: 5 } }", baseHash: hash });
        await client.call("config.patch", { raw: '{ messages: { prefix: "x" } }', baseHash: hash });
        expect(await readFile(configPath, "utf8")).toContain(canary("sensitive"));
      }
      await fetch(`http://127.0.0.1:${port}/leaky`);
      const seen = JSON.stringify(client.frames).match(/CANARY-[a-z]+/g) ?? [];
      expect([...new Set(seen)]).toEqual([]);
    }
    const log = await readFile(join(stateDir, "logs", "gateway.log"), "utf8");
    expect(log).toContain("key is [redacted]");
    expect([...new Set(log.match(/CANARY-[a-z]+/g) ?? [])]).toEqual([]);
  });
});
