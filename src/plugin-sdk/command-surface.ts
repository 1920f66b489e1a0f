import type { ChannelConfig } from "../contracts/channel.ts";
import { currentHost } from "./ambient/host.ts";
import { readPath } from "./values/records.ts";

export { normalizeCommandBody } from "./commands/arguments.ts";

/**
 * Whether commands typed as text count on a surface: always, unless `commands.text` is off and the surface
 * has commands of its own.
 */
export function shouldHandleTextCommands(params: {
  cfg: ChannelConfig;
  surface: string;
  commandSource?: "text" | "native";
}): boolean {
  if (params.commandSource === "native" || readPath(params.cfg, ["commands", "text"]) !== false) return true;
  return currentHost()?.services?.channelPlugin(params.surface)?.capabilities.nativeCommands !== true;
}
