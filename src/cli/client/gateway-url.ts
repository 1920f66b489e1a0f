import { isIP } from "node:net";
import { cliError } from "../errors.ts";

/** True for a host name or address that can only be this machine. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  if (bare === "localhost" || bare.endsWith(".localhost")) return true;
  if (isIP(bare) === 4) return bare.startsWith("127.");
  return bare === "::1" || bare === "0:0:0:0:0:0:0:1";
}

/**
 * Refuses addresses over which the token would travel in the clear.
 *
 * @throws SluiceError `USAGE` for anything but ws and wss, `GATEWAY_INSECURE` for `ws://` off this machine
 */
export function assertSafeUrl(text: string): void {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw cliError("USAGE", `"${text}" is not an address; expected something like ws://127.0.0.1:18789`);
  }
  if (url.protocol !== "ws:" && url.protocol !== "wss:")
    throw cliError("USAGE", `"${text}" must start with ws:// or wss://`);
  if (url.username || url.password || url.search)
    throw cliError("USAGE", "an address must not carry credentials; use --token or SLUICE_GATEWAY_TOKEN");
  if (url.protocol === "ws:" && !isLoopbackHost(url.hostname)) {
    throw cliError(
      "GATEWAY_INSECURE",
      `${url.origin} is another machine and ws:// would send the token in the clear; use wss:// or a tunnel`,
    );
  }
}
