import { resolvePluginConfig } from "../config/plugin-config.ts";
import { importDefinition } from "./import-entry.ts";
import { PluginInstance } from "./instance.ts";
import type { LoadEnvironment } from "./load-environment.ts";
import type { LoadedPlugin, LoadRequest } from "./loaded-plugin.ts";
import { asFailure, PluginFailure } from "./plugin-failure.ts";
import { registerDefinition } from "./register-definition.ts";

/**
 * Loads one plugin: validates its settings, imports its entry, calls `register(api)` (spec 2.11). Until it
 * returns nothing of the plugin is visible anywhere; when it fails, everything the plugin acquired is closed.
 *
 * @throws PluginFailure
 */
export async function loadPlugin(environment: LoadEnvironment, request: LoadRequest): Promise<LoadedPlugin> {
  const { known } = request;
  const { candidate } = known;
  const manifest = candidate.manifest;
  const broken = candidate.diagnostics.find(({ level }) => level === "error");
  if (broken) throw new PluginFailure("validation", broken.code, broken.message);
  if (candidate.blocked)
    throw new PluginFailure("validation", candidate.blocked, `blocked: ${candidate.blocked}`);
  if (!manifest || !candidate.entry) {
    throw new PluginFailure("validation", "manifest-missing", `${candidate.rootDir} has no usable manifest`);
  }
  const { trace } = environment;
  const settings = await trace.phase("settings", candidate.id, () =>
    resolvePluginConfig(manifest.configSchema, known.entry.config),
  );
  if (settings.problems.length > 0) {
    const list = settings.problems.join("; ");
    throw new PluginFailure(
      "validation",
      "config-invalid",
      `plugins.entries.${candidate.id}.config: ${list}`,
    );
  }
  // The import already belongs to the instance: timers that a module starts by itself are its own.
  const instance = new PluginInstance(
    candidate.id,
    request.generation,
    environment.parent,
    environment.watch,
    request.inspection,
  );
  const { leftovers } = environment;
  // First in, so that it comes last: whatever the plugin closes itself is closed by then.
  if (leftovers) instance.scope.use({ dispose: () => leftovers.settle(instance) }, "what it left open");
  try {
    const entry = candidate.entry;
    const load = async () => {
      const definition = await trace.phase("import", candidate.id, () =>
        importDefinition(environment, request, instance, entry),
      );
      // Import and register are the plugin's own code: what waits is served between the two.
      await new Promise(setImmediate);
      return trace.phaseSync("register", candidate.id, () =>
        registerDefinition(environment, request, instance, definition, settings.value),
      );
    };
    const { loader, surroundings } = environment;
    return await loader.turns.take(async () => {
      if (candidate.origin !== "bundled") await loader.prepare();
      return surroundings ? surroundings.around(candidate.id, load) : load();
    });
  } catch (error) {
    instance.fence();
    await instance.scope.dispose().catch(() => {});
    throw asFailure(error, candidate.entry);
  }
}
