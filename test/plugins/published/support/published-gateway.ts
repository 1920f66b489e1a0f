import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunningGateway } from "../../../../src/gateway/gateway-options.ts";
import type { PluginHost } from "../../../../src/plugins/host.ts";
import { testGateway } from "../../../gateway/support/gateway.ts";
import type { Frame, WireClient } from "../../../gateway/support/wire-client.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { importNatively } from "../../support/plugin-bench.ts";
import { type PublishedName, packageFolder } from "./packages.ts";

export interface PublishedPlugin {
  /** A package, or the folder of a plugin of the test's own. */
  package: PublishedName | { folder: string };
  id: string;
  /** Beside the plugin's own entry. */
  config?: Record<string, unknown>;
  slots?: Record<string, string>;
  /** More of the plugin's own entry: `config`, `hooks`… */
  entry?: Record<string, unknown>;
  env?: Record<string, string>;
}

/** A real gateway that loads published packages from where npm put them. */
export async function publishedGateway(...plugins: readonly PublishedPlugin[]): Promise<RunningGateway> {
  const stateDir = await temporaryFolder("sluice-published-");
  const channels = plugins.map(({ config }) => config?.["channels"] as object | undefined);
  const config = {
    ...Object.assign({}, ...plugins.map((plugin) => plugin.config)),
    channels: Object.assign({}, ...channels),
    plugins: {
      load: { paths: plugins.map((plugin) => folderOf(plugin.package)) },
      entries: Object.fromEntries(plugins.map(({ id, entry }) => [id, { enabled: true, ...entry }])),
      slots: Object.assign({}, ...plugins.map(({ slots }) => slots)),
    },
  };
  await writeFile(join(stateDir, "sluice.json"), JSON.stringify(config));
  const gateway = await testGateway({
    stateDir,
    importModule: importNatively,
    env: Object.assign({}, ...plugins.map(({ env }) => env)),
  });
  await (gateway.services.plugins as PluginHost).activateRest();
  return gateway;
}

function folderOf(name: PublishedPlugin["package"]): string {
  return typeof name === "string" ? packageFolder(name) : name.folder;
}

const CHANNEL_LIMIT_MS = 30_000;

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

/** One message in the main session and the run's terminal event. */
export async function chatTurn(client: WireClient, message: string): Promise<Frame["payload"]> {
  const idempotencyKey = `turn-${++turns}`;
  const sent = await client.call("chat.send", { sessionKey: "main", message, idempotencyKey });
  if (!sent.ok) throw new Error(`chat.send was refused: ${JSON.stringify(sent.error)}`);
  const { payload } = await client.next(
    (frame) =>
      frame.event === "chat" &&
      frame.payload.runId === idempotencyKey &&
      ["final", "error", "aborted"].includes(frame.payload.state),
  );
  return payload;
}

let turns = 0;
