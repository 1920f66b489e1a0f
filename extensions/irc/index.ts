import { definePluginEntry } from "sluice/plugin-sdk/plugin-entry";
import { createIrcChannel } from "./src/channel.ts";

/** IRC as a channel. Each registration gets its own object, so that two gateways in one process stay apart. */
export default definePluginEntry({
  id: "irc",
  name: "IRC",
  description: "Talks on any IRC network: channels, direct messages, TLS, SASL.",
  register(api) {
    api.registerChannel({ plugin: createIrcChannel() });
  },
});
