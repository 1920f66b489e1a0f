import { SluiceError } from "../../kernel/errors.ts";
import { policyId } from "../discovery/candidate.ts";
import { type Draft, disableIn, enableIn } from "./config-edit.ts";
import type { InstallerOptions } from "./installer-options.ts";
import type { InstallErrorCode, PluginChange, PresentPlugin } from "./types.ts";

/** Whether plugins are on, as the configuration says it. */
export class PluginSwitches {
  readonly #options: Pick<InstallerOptions, "config" | "host">;

  constructor(options: Pick<InstallerOptions, "config" | "host">) {
    this.#options = options;
  }

  /** @throws SluiceError `PLUGIN_UNKNOWN` */
  async set(
    pluginId: string,
    enabled: boolean,
    allowlist: "extend" | "preserve" = "extend",
  ): Promise<PluginChange> {
    const { host } = this.#options;
    const present = await host.present();
    const plugin = present.find(({ id }) => policyId(id) === policyId(pluginId));
    if (!plugin) {
      throw new SluiceError<InstallErrorCode>(
        "PLUGIN_UNKNOWN",
        `there is no plugin "${pluginId}"; see sluice plugins list, or install it first`,
      );
    }
    const ids = [plugin.id];
    let notes: string[] = [];
    const paths = await this.edit(`${enabled ? "enable" : "disable"} plugin ${plugin.id}`, (draft) => {
      if (enabled) notes = enableIn(draft, ids, present, allowlist);
      else disableIn(draft, ids);
    });
    await host.apply();
    const word = enabled ? "enabled" : "disabled";
    return {
      pluginId: plugin.id,
      pluginIds: ids,
      changed: paths.length > 0,
      message: paths.length > 0 ? `${plugin.id} is ${word}` : `${plugin.id} is ${word} already`,
      warnings: [...notes, ...(enabled ? await host.problems(ids) : [])],
      configPaths: paths,
    };
  }

  /** Turns plugins on. `arriving`: plugins the host has not seen yet. */
  async enable(
    ids: readonly string[],
    arriving: readonly PresentPlugin[] = [],
  ): Promise<{ paths: string[]; notes: string[] }> {
    const known = (await this.#options.host.present()).filter(
      (plugin) => !arriving.some(({ id }) => policyId(id) === policyId(plugin.id)),
    );
    const present = [...known, ...arriving];
    let notes: string[] = [];
    const paths = await this.edit(`enable plugin ${ids.join(", ")}`, (draft) => {
      notes = enableIn(draft, ids, present);
    });
    return { paths, notes };
  }

  /** Writes the configuration. @returns the paths that changed */
  async edit(reason: string, change: (draft: Draft) => void): Promise<string[]> {
    const { changedPaths } = await this.#options.config.mutate(change, { reason });
    return changedPaths;
  }
}
