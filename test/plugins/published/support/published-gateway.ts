import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunningGateway } from "../../../../src/gateway/gateway-options.ts";
import type { PluginHost } from "../../../../src/plugins/host.ts";
import { testGateway } from "../../../gateway/support/gateway.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { importNatively } from "../../support/plugin-bench.ts";
import { type PublishedName, packageFolder } from "./packages.ts";

export interface PublishedPlugin {
  package: PublishedName;
  id: string;
  /** Beside the plugin's own entry. */
  config?: Record<string, unknown>;
  slots?: Record<string, string>;
}

/** A real gateway that loads published packages from where npm put them. */
export async function publishedGateway(...plugins: readonly PublishedPlugin[]): Promise<RunningGateway> {
  const stateDir = await temporaryFolder("sluice-published-");
  const channels = plugins.map(({ config }) => config?.["channels"] as object | undefined);
  const config = {
    ...Object.assign({}, ...plugins.map((plugin) => plugin.config)),
    channels: Object.assign({}, ...channels),
    plugins: {
      load: { paths: plugins.map((plugin) => packageFolder(plugin.package)) },
      entries: Object.fromEntries(plugins.map(({ id }) => [id, { enabled: true }])),
      slots: Object.assign({}, ...plugins.map(({ slots }) => slots)),
    },
  };
  await writeFile(join(stateDir, "sluice.json"), JSON.stringify(config));
  const gateway = await testGateway({ stateDir, importModule: importNatively });
  await (gateway.services.plugins as PluginHost).activateRest();
  return gateway;
}

const CHANNEL_LIMIT_MS = 8_000;

/** Resolves when every account of a channel says that it is ready. */
export async function channelReady(gateway: RunningGateway, channel: string): Promise<void> {
  const end = Date.now() + CHANNEL_LIMIT_MS;
  for (;;) {
    const status = gateway.services.channels.status().find(({ id }) => id === channel);
    const accounts = status?.accounts ?? [];
    if (accounts.length > 0 && accounts.every(({ connected, running }) => connected ?? running)) return;
    if (Date.now() > end) throw new Error(`channel ${channel} is not ready: ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
