import { parseStrictPositiveInteger } from "./values/numbers.ts";
import { readPath } from "./values/records.ts";

const DEFAULT_GATEWAY_PORT = 18_789;

/** The port the gateway listens on: the environment, the configuration, 18789. */
export function resolveGatewayPort(
  cfg?: object,
  env: Readonly<Record<string, string | undefined>> = process.env,
): number {
  const stated = env["SLUICE_GATEWAY_PORT"] ?? env["OPENCLAW_GATEWAY_PORT"];
  return (
    parseStrictPositiveInteger(stated) ??
    parseStrictPositiveInteger(readPath(cfg, ["gateway", "port"])) ??
    DEFAULT_GATEWAY_PORT
  );
}
