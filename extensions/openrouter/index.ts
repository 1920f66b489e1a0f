import { definePluginEntry } from "sluice/plugin-sdk/plugin-entry";
import { buildOpenrouterProvider } from "./provider.ts";

export default definePluginEntry({
  id: "openrouter",
  name: "OpenRouter models",
  description: "The models of many vendors behind one key.",
  register(api) {
    api.registerProvider(buildOpenrouterProvider());
  },
});
