import { SluiceError } from "../../kernel/errors.ts";
import { policyId } from "../discovery/candidate.ts";
import { forgetIn } from "./config-edit.ts";
import type { InstallHost } from "./installer-options.ts";
import type { InstallLedger } from "./ledger.ts";
import type { PluginSwitches } from "./switches.ts";
import type { InstallErrorCode, InstallRecord, Operation, PluginChange, Removal } from "./types.ts";

/** How a plugin goes: its settings, its record and its files. */
export class PluginDeparture {
  readonly #host: InstallHost;
  readonly #ledger: InstallLedger;
  readonly #switches: PluginSwitches;

  constructor(host: InstallHost, ledger: InstallLedger, switches: PluginSwitches) {
    this.#host = host;
    this.#ledger = ledger;
    this.#switches = switches;
  }

  /** Removes what the record calls its own. @returns the configuration paths that changed */
  async finish(record: InstallRecord, operation?: Operation): Promise<string[]> {
    const removal = record.removal ?? { keepConfig: true, purgeChannels: false, channels: [] };
    const paths = await this.#switches.edit(`uninstall plugin ${record.pluginId}`, (draft) =>
      forgetIn(draft, record.pluginIds, removal),
    );
    if (operation) await this.#ledger.step("configured", operation);
    await this.#host.apply();
    await this.#ledger.drop(record);
    await this.#ledger.end();
    return paths;
  }

  /** Removes a plugin that nobody installed from the configuration. @throws SluiceError `NOT_REMOVABLE` */
  async forgetForeign(pluginId: string, wish: Omit<Removal, "channels">): Promise<PluginChange> {
    const plugin = (await this.#host.present()).find(({ id }) => policyId(id) === policyId(pluginId));
    if (!plugin) {
      return {
        pluginId,
        pluginIds: [pluginId],
        changed: false,
        message: `${pluginId} is not installed`,
        warnings: [],
        configPaths: [],
      };
    }
    if (plugin.origin === "bundled" || plugin.origin === "workspace" || plugin.origin === "global") {
      const advice =
        plugin.origin === "bundled"
          ? `it comes with Sluice; turn it off with sluice plugins disable ${plugin.id}`
          : `it was placed by hand; remove the folder ${plugin.rootDir}`;
      throw new SluiceError<InstallErrorCode>(
        "NOT_REMOVABLE",
        `${plugin.id} cannot be uninstalled: ${advice}`,
      );
    }
    const removal = { ...wish, channels: plugin.channels };
    const paths = await this.#switches.edit(`uninstall plugin ${plugin.id}`, (draft) =>
      forgetIn(draft, [plugin.id], removal, plugin.rootDir),
    );
    await this.#host.apply();
    return {
      pluginId: plugin.id,
      pluginIds: [plugin.id],
      changed: paths.length > 0,
      message: `${plugin.id} is no longer loaded; its folder ${plugin.rootDir} stays`,
      warnings: [],
      configPaths: paths,
    };
  }
}
