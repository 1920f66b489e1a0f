import { join } from "node:path";
import { packageRoot } from "../kernel/package-root.ts";
import type { HostCommand } from "../runtime/system/index.ts";
import type { GatewayOptions } from "./gateway-options.ts";

/** The `sluice` command beside this code, set to the gateway that runs with these options. */
export function ownCommand(
  stateDir: string,
  { configPath, port, token }: Pick<GatewayOptions, "configPath" | "port" | "token">,
): HostCommand {
  return {
    argv: [process.execPath, join(packageRoot(), "bin/sluice.cjs")],
    env: {
      SLUICE_STATE_DIR: stateDir,
      ...(configPath ? { SLUICE_CONFIG_PATH: configPath } : {}),
      ...(port ? { SLUICE_GATEWAY_PORT: String(port) } : {}),
      ...(token ? { SLUICE_GATEWAY_TOKEN: token } : {}),
    },
  };
}
