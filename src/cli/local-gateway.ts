import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { GatewayOptions, RunningGateway } from "../gateway/gateway-options.ts";
import { packageRoot } from "../kernel/package-root.ts";

interface Library {
  startGateway(options: GatewayOptions): Promise<RunningGateway>;
}

/**
 * Starts a gateway for one command, on the same state as `sluice gateway run` and on a free port. The
 * library is loaded from its own bundle: commands that do not need a gateway do not carry it.
 */
export async function startLocalGateway(
  env: Readonly<Record<string, string | undefined>>,
): Promise<RunningGateway> {
  const library = (await import(pathToFileURL(join(packageRoot(), "dist/index.js")).href)) as Library;
  return library.startGateway({ env, port: 0, bind: "loopback" });
}
