import { Command } from "commander";
import { withDeadline } from "../kernel/deadline.ts";
import { attachEntry, commandHost, commandsOf } from "./command-host.ts";
import type { CliEnvironment } from "./context.ts";

/** How long the help waits for a registrar without descriptors; what it adds later is not told of. */
export const REGISTRAR_LIMIT_MS = 3_000;

/**
 * Root commands of enabled plugins, as their descriptors tell; a registrar without descriptors runs on a root of
 * its own. One that fails, and a plugin that does, is told of when its command is called.
 *
 * @param others ids of plugins that are not asked
 */
export async function described(
  environment: CliEnvironment,
  config: Readonly<Record<string, unknown>>,
  others: readonly string[],
): Promise<{ name: string; description: string }[]> {
  const host = await commandHost(environment, without(config, others), "cli-metadata");
  try {
    await host.activateRest();
    const commands: { name: string; description: string }[] = [];
    for (const entry of commandsOf(host)) {
      const { parentPath, descriptors, lazy } = entry.value;
      if (parentPath.length > 0) continue;
      commands.push(...descriptors.map(({ name, description }) => ({ name, description })));
      if (lazy) continue;
      const root = new Command().exitOverride();
      const attached = attachEntry(entry, root, environment, config);
      await withDeadline(attached, REGISTRAR_LIMIT_MS, "registrar", environment.clock).catch(() => {});
      for (const command of root.commands) {
        if (descriptors.some(({ name }) => name === command.name())) continue;
        commands.push({ name: command.name(), description: command.description() });
      }
    }
    return commands;
  } finally {
    await host.dispose();
  }
}

function without(config: Readonly<Record<string, unknown>>, ids: readonly string[]) {
  const plugins = config["plugins"] as { entries?: Record<string, object> } | undefined;
  const off = ids.map((id) => [id, { ...plugins?.entries?.[id], enabled: false }]);
  return { ...config, plugins: { ...plugins, entries: { ...plugins?.entries, ...Object.fromEntries(off) } } };
}
