import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../../../src/kernel/clock.ts";
import { silentLogger } from "../../../../src/kernel/logger.ts";
import { discoverPlugins } from "../../../../src/plugins/discovery/discover.ts";
import {
  InstallBook,
  type InstallStep,
  PluginInstaller,
  parseSource,
  presentIn,
} from "../../../../src/plugins/install/index.ts";
import { buildSnapshot } from "../../../../src/plugins/snapshot.ts";

/** An installer over a state folder and a plain JSON file as configuration; no plugin runs. */
export async function plainInstaller(
  stateDir: string,
  onStep: (step: InstallStep) => void = () => {},
): Promise<PluginInstaller> {
  const file = join(stateDir, "config.json");
  let current = JSON.parse(await readFile(file, "utf8").catch(() => "{}")) as Record<string, unknown>;
  const book = await InstallBook.open(stateDir);

  const installer = new PluginInstaller({
    book,
    config: {
      current: () => ({ config: current, source: current }),
      async mutate(change) {
        const draft = structuredClone(current);
        change(draft);
        const changed = JSON.stringify(draft) !== JSON.stringify(current);
        current = draft;
        if (changed) await writeFile(file, JSON.stringify(draft));
        return { changedPaths: changed ? ["plugins"] : [] };
      },
    },
    host: {
      present: async () =>
        presentIn(
          buildSnapshot(await discoverPlugins({ installed: book.folders() }, []), current, undefined),
        ),
      apply: async () => {},
      reload: async () => {},
      problems: async () => [],
    },
    clock: systemClock,
    logger: silentLogger,
    env: process.env,
    hostVersion: "0.1.0",
    onStep,
  });
  await installer.recover();
  return installer;
}

/** Installs or uninstalls, as a user would. */
export async function operate(
  installer: PluginInstaller,
  operation: string,
  argument: string,
): Promise<void> {
  if (operation === "install") {
    await installer.install({ source: await parseSource(argument, { cwd: "/" }), consent: () => true });
  } else {
    await installer.uninstall(argument, { keepConfig: false, purgeChannels: false });
  }
}
