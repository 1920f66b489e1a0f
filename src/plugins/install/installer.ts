import { SluiceError } from "../../kernel/errors.ts";
import { policyId } from "../discovery/candidate.ts";
import { PackageArrival } from "./arrival.ts";
import type { InstallBook } from "./book.ts";
import { named, unchanged } from "./change.ts";
import { PluginDeparture } from "./departure.ts";
import type { InstallerOptions, InstallRequest } from "./installer-options.ts";
import { InstallLedger } from "./ledger.ts";
import { PluginSwitches } from "./switches.ts";
import type { InstallErrorCode, InstallRecord, PackageSource, PluginChange, Removal } from "./types.ts";

/**
 * Installs, updates, enables, disables and removes plugins. One operation at a time; every one is recorded
 * before it acts, and what a crash interrupts the next start finishes or undoes ({@link PluginInstaller.recover}).
 * Only the holder of the state folder's lock may have one.
 */
export class PluginInstaller {
  readonly #options: InstallerOptions;
  readonly #book: InstallBook;
  readonly #ledger: InstallLedger;
  readonly #arrival: PackageArrival;
  readonly #departure: PluginDeparture;
  readonly #switches: PluginSwitches;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: InstallerOptions) {
    this.#options = options;
    this.#book = options.book;
    this.#ledger = new InstallLedger(options);
    this.#switches = new PluginSwitches(options);
    this.#arrival = new PackageArrival(options, this.#ledger, this.#switches);
    this.#departure = new PluginDeparture(options.host, this.#ledger, this.#switches);
  }

  /**
   * Installs a package, or brings an installed one to what the source holds.
   *
   * @throws SluiceError with an {@link InstallErrorCode}; nothing is left behind then
   */
  install(request: InstallRequest): Promise<PluginChange> {
    return this.#exclusive(() => this.#arrival.install(request));
  }

  /**
   * Brings an installed plugin to the newest version of what it was installed from. When the running gateway
   * cannot load the new one, the old one stays. @throws SluiceError `PLUGIN_UNKNOWN`, `UPDATE_FAILED`, …
   */
  update(pluginId: string, request: Omit<InstallRequest, "source">): Promise<PluginChange> {
    return this.#exclusive(async () => {
      const record = this.#book.find(pluginId);
      if (!record) throw await this.#notInstalled(pluginId);
      if (record.linked) {
        return unchanged(
          record,
          `${record.pluginId} is linked to ${record.folder}; there is nothing to fetch`,
        );
      }
      return this.#arrival.install({
        ...request,
        source: sourceOf(record),
        expectedPluginId: record.pluginId,
        keepSwitch: true,
      });
    });
  }

  /**
   * Turns a plugin on or off in the configuration. Naming it is the operator's consent (spec 2.6): what an
   * installed one claims was agreed to when it was installed.
   *
   * @throws SluiceError `PLUGIN_UNKNOWN`
   */
  setEnabled(
    pluginId: string,
    enabled: boolean,
    allowlist: "extend" | "preserve" = "extend",
  ): Promise<PluginChange> {
    return this.#exclusive(() => this.#switches.set(pluginId, enabled, allowlist));
  }

  /**
   * Removes a plugin: its files, its record and its settings. A plugin named in `plugins.load.paths` loses
   * that entry and keeps its files. @throws SluiceError `NOT_REMOVABLE` for bundled and hand-placed ones
   */
  uninstall(pluginId: string, wish: Omit<Removal, "channels">): Promise<PluginChange> {
    return this.#exclusive(async () => {
      const record = this.#book.find(pluginId);
      if (!record) return this.#departure.forgetForeign(pluginId, wish);
      const present = await this.#options.host.present();
      const channels = present
        .filter(({ id }) => named(record.pluginIds, id))
        .flatMap((plugin) => plugin.channels);
      const removal: Removal = { ...wish, channels };
      const removing: InstallRecord = { ...record, state: "removing", removal };
      const operation = await this.#ledger.begin("uninstall", record.pluginId);
      await this.#ledger.put(removing);
      await this.#ledger.step("booked", operation);
      const paths = await this.#departure.finish(removing, operation);
      return {
        pluginId: record.pluginId,
        pluginIds: record.pluginIds,
        changed: true,
        message: record.linked
          ? `${record.pluginId} is uninstalled; its folder ${record.folder} was linked and stays`
          : `${record.pluginId} is uninstalled`,
        warnings: await this.#leftOff(record),
        configPaths: paths,
      };
    });
  }

  /** The mark of an uninstalled plugin also counts for the bundled one whose place it had. */
  async #leftOff({ pluginIds }: InstallRecord): Promise<string[]> {
    const bundled = (await this.#options.host.present()).filter(
      ({ id, origin, enabled }) => origin === "bundled" && !enabled && named(pluginIds, id),
    );
    return bundled.map(
      ({ id }) =>
        `the plugin "${id}" that is part of Sluice is off; turn it on with: sluice plugins enable ${id}`,
    );
  }

  /**
   * Finishes or undoes what an earlier process left open, and says what it did. Costs nothing when nothing
   * was. Call it before plugins are discovered.
   */
  recover(): Promise<readonly string[]> {
    return this.#exclusive(async () => {
      const done: string[] = [];
      const { operation, records } = this.#book;
      if (!operation && records.every(({ state }) => state === "installed")) return done;
      for (const record of records) {
        if (record.state === "enabling") {
          await this.#arrival.finish(record);
          done.push(`${record.pluginId} was installed by an interrupted command; it is enabled now`);
        } else if (record.state === "removing") {
          await this.#departure.finish(record);
          done.push(`${record.pluginId} was being uninstalled; it is gone now`);
        }
      }
      if (operation && done.length === 0) {
        done.push(
          `the ${operation.kind} of ${operation.spec} was interrupted; it left nothing behind, repeat it`,
        );
      }
      await this.#ledger.sweep();
      await this.#ledger.end();
      for (const line of done) this.#options.logger.warn(line);
      return done;
    });
  }

  async #notInstalled(pluginId: string): Promise<SluiceError<InstallErrorCode>> {
    const plugin = (await this.#options.host.present()).find(({ id }) => policyId(id) === policyId(pluginId));
    const why = plugin
      ? `it is ${plugin.origin === "bundled" ? "part of Sluice and comes with its updates" : "not tracked: its files are yours"}`
      : "it is not installed";
    return new SluiceError("PLUGIN_UNKNOWN", `${pluginId} cannot be updated: ${why}`);
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#queue.then(work, work);
    this.#queue = next.catch(() => {});
    return next;
  }
}

function sourceOf(record: InstallRecord): PackageSource {
  // A tag or range is asked again; an exact version stays what the operator chose.
  if (record.source === "npm") return { kind: "npm", spec: record.spec };
  const path = record.sourcePath ?? record.spec;
  return record.source === "archive" ? { kind: "archive", path } : { kind: "folder", path, link: false };
}
