import type { ChannelConfig } from "../contracts/channel.ts";
import { readPath } from "./values/records.ts";

/** `gateway.publicOrigin`, where this gateway is reached from outside; `undefined` unless it is a bare origin. */
export function resolveGatewayPublicOrigin(config: ChannelConfig | null | undefined): string | undefined {
  const stated = readPath(config, ["gateway", "publicOrigin"]);
  if (typeof stated !== "string" || !URL.canParse(stated.trim())) return undefined;
  const url = new URL(stated.trim());
  const bare = url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "";
  return bare && /^https?:$/.test(url.protocol) ? url.origin : undefined;
}
