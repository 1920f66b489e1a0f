import { definePluginEntry } from "sluice/plugin-sdk/plugin-entry";
import { createEchoStream } from "./echo-stream.ts";

/** A model that needs no key and no network; the default until a real one is configured. */
export default definePluginEntry({
  id: "echo",
  name: "Echo",
  description: "An offline model that repeats what it is told.",
  register(api) {
    const settings = (api.pluginConfig ?? {}) as { delayMs?: number };
    const stream = createEchoStream(() => settings.delayMs ?? 0);
    api.registerProvider({
      id: "echo",
      label: "Echo (offline)",
      auth: [],
      catalog: {
        run: () => ({
          provider: {
            api: "echo",
            models: [{ id: "echo-1", name: "Echo (offline)", contextWindow: 128_000, input: ["text"] }],
          },
        }),
      },
      // Last resort: anything that really answers goes first.
      suggestDefaultModel: () => ({ model: "echo/echo-1", priority: 0 }),
      createStreamFn: () => stream,
    });
  },
});
