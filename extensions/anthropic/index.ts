import { definePluginEntry } from "sluice/plugin-sdk/plugin-entry";
import { buildAnthropicProvider, type PluginSettings } from "./provider.ts";

export default definePluginEntry({
  id: "anthropic",
  name: "Anthropic models",
  description: "Claude, and every server that speaks the Messages protocol.",
  register(api) {
    api.registerProvider(buildAnthropicProvider((api.pluginConfig ?? {}) as PluginSettings));
  },
});
