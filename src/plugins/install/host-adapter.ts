import type { PluginMetadataSnapshot } from "../snapshot.ts";
import type { PluginRecord } from "../types.ts";
import type { InstallHost } from "./installer-options.ts";
import type { PresentPlugin } from "./types.ts";

/** The part of a running plugin host that installing needs. */
export interface RunningHost {
  snapshot(): Promise<PluginMetadataSnapshot>;
  records(): readonly PluginRecord[];
  applyConfig(): Promise<void>;
  reload(id: string): Promise<void>;
  arrived(ids: readonly string[]): Promise<void>;
}

/** Lets the installer change the plugins of a running host. */
export function installHostOf(host: RunningHost): InstallHost {
  return {
    present: async () => presentIn(await host.snapshot()),
    apply: () => host.applyConfig(),
    reload: async (id) => {
      // Code that never ran is read anew on its first use; a content pack has none.
      const running = host.records().find((record) => record.id === id)?.imported;
      if (running) await host.reload(id);
    },
    problems: async (ids) => {
      // Whoever installs or enables a plugin is told how it went, however long its import takes.
      await host.arrived(ids);
      return host
        .records()
        .filter(({ id, status }) => ids.includes(id) && status === "error")
        .map(({ id, error }) => `${id} does not run: ${error ?? "it failed to load"}`);
    },
  };
}

/** What a metadata snapshot says of the plugins that are there. */
export function presentIn({ plugins }: PluginMetadataSnapshot): readonly PresentPlugin[] {
  return plugins.map(({ candidate, decision }) => ({
    id: candidate.id,
    origin: candidate.origin,
    rootDir: candidate.rootDir,
    kinds: candidate.manifest?.kinds ?? [],
    channels: candidate.manifest?.channels ?? [],
    enabled: decision.enabled,
    explicitlyEnabled: decision.explicitlyEnabled,
  }));
}
