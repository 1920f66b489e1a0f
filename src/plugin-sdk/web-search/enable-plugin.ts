import type { ChannelConfig } from "../../contracts/channel.ts";
import { asRecordOrEmpty } from "../values/records.ts";

/** The configuration with the plugin turned on. */
export function enablePluginInConfig(config: ChannelConfig, pluginId: string) {
  const plugins = asRecordOrEmpty(config["plugins"]);
  const entries = asRecordOrEmpty(plugins["entries"]);
  const entry = { ...asRecordOrEmpty(entries[pluginId]), enabled: true };
  return {
    config: { ...config, plugins: { ...plugins, entries: { ...entries, [pluginId]: entry } } },
    enabled: true,
  };
}
