import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { policyId } from "../discovery/candidate.ts";
import type { HookRunner } from "../types.ts";
import type { InstallBook } from "./book.ts";
import { digestClaims } from "./claims.ts";
import { type Draft, disableIn, enableIn, forgetIn } from "./config-edit.ts";
import { arrivingIn, type ExaminedPackage, examinePackage } from "./examine.ts";
import { InstallLedger, type InstallStep } from "./ledger.ts";
import { NpmClient } from "./npm-client.ts";
import { type Prepared, reviewPackage } from "./review.ts";
import { specOf } from "./source.ts";
import { type StagedPackage, stagePackage } from "./stage.ts";
import type {
  InstallErrorCode,
  InstallRecord,
  InstallReview,
  Operation,
  PackageSource,
  PluginChange,
  PresentPlugin,
  Removal,
} from "./types.ts";

/** What the installer asks of the configuration service. */
export interface InstallConfig {
  current(): {
    readonly config: Readonly<Record<string, unknown>>;
    readonly source: Readonly<Record<string, unknown>>;
  };
  mutate(change: (draft: Draft) => unknown, options: { reason: string }): Promise<{ changedPaths: string[] }>;
}

/** The plugins that are there, and the host that runs them. */
export interface InstallHost {
  present(): Promise<readonly PresentPlugin[]>;
  /** Makes the running host follow configuration and folders. Nothing to do where no host runs. */
  apply(): Promise<void>;
  /** Loads new code of a running plugin; throws when it fails and the old one goes on. */
  reload(pluginId: string): Promise<void>;
  /** Why plugins that should run do not, for people. */
  problems(pluginIds: readonly string[]): Promise<readonly string[]>;
}

export interface InstallerOptions {
  readonly book: InstallBook;
  readonly config: InstallConfig;
  readonly host: InstallHost;
  /** Absent where no plugin code runs; `before_install` is then not asked (spec 2.15). */
  readonly hooks?: HookRunner;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostVersion: string;
  onStep?(step: InstallStep, operation: Operation): void | Promise<void>;
}

export interface InstallRequest {
  readonly source: PackageSource;
  readonly expectedIntegrity?: string;
  readonly expectedPluginId?: string;
  readonly acknowledgePolicyWarning?: boolean;
  /** Take the id over from another package of the same id. */
  readonly force?: boolean;
  /** Leave an installed plugin switched off when it is. */
  readonly keepSwitch?: boolean;
  /** Asked once with everything the manifest claims; false refuses. Not asked again for claims agreed to before. */
  consent(review: InstallReview): boolean | Promise<boolean>;
}

/**
 * Installs, updates, enables, disables and removes plugins. One operation at a time; every one is recorded
 * before it acts, and what a crash interrupts the next start finishes or undoes ({@link PluginInstaller.recover}).
 * Only the holder of the state folder's lock may have one.
 */
export class PluginInstaller {
  readonly #options: InstallerOptions;
  readonly #book: InstallBook;
  readonly #ledger: InstallLedger;
  readonly #npm: NpmClient;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: InstallerOptions) {
    this.#options = options;
    this.#book = options.book;
    this.#ledger = new InstallLedger(options);
    this.#npm = new NpmClient(options);
  }

  /**
   * Installs a package, or brings an installed one to what the source holds.
   *
   * @throws SluiceError with an {@link InstallErrorCode}; nothing is left behind then
   */
  install(request: InstallRequest): Promise<PluginChange> {
    return this.#exclusive(() => this.#install(request));
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
      return this.#install({
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
    return this.#exclusive(async () => {
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
      const paths = await this.#configure(
        `${enabled ? "enable" : "disable"} plugin ${plugin.id}`,
        (draft) => {
          if (enabled) notes = enableIn(draft, ids, present, allowlist);
          else disableIn(draft, ids);
        },
      );
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
    });
  }

  /**
   * Removes a plugin: its files, its record and its settings. A plugin named in `plugins.load.paths` loses
   * that entry and keeps its files. @throws SluiceError `NOT_REMOVABLE` for bundled and hand-placed ones
   */
  uninstall(pluginId: string, wish: Omit<Removal, "channels">): Promise<PluginChange> {
    return this.#exclusive(async () => {
      const record = this.#book.find(pluginId);
      if (!record) return this.#forgetForeign(pluginId, wish);
      const present = await this.#options.host.present();
      const channels = present
        .filter(({ id }) => named(record.pluginIds, id))
        .flatMap((plugin) => plugin.channels);
      const removal: Removal = { ...wish, channels };
      const removing: InstallRecord = { ...record, state: "removing", removal };
      const operation = await this.#ledger.begin("uninstall", record.pluginId);
      await this.#ledger.put(removing);
      await this.#ledger.step("booked", operation);
      const paths = await this.#finishRemoval(removing, operation);
      return {
        pluginId: record.pluginId,
        pluginIds: record.pluginIds,
        changed: true,
        message: record.linked
          ? `${record.pluginId} is uninstalled; its folder ${record.folder} was linked and stays`
          : `${record.pluginId} is uninstalled`,
        warnings: [],
        configPaths: paths,
      };
    });
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
          await this.#finishEnabling(record);
          done.push(`${record.pluginId} was installed by an interrupted command; it is enabled now`);
        } else if (record.state === "removing") {
          await this.#finishRemoval(record);
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

  async #install(request: InstallRequest): Promise<PluginChange> {
    const { source } = request;
    if (source.kind === "folder" && source.link) return this.#link(request, source.path);
    const operation = await this.#ledger.begin("install", specOf(source));
    const staging = this.#ledger.stagingOf(operation);
    try {
      const prepared = await this.#prepare(request, staging);
      if ("already" in prepared) return await this.#confirm(prepared.already, request);
      await this.#ledger.step("staged", operation);
      const folder = await this.#ledger.moveIn(operation, prepared.review.pluginId, prepared.staged.inside);
      const change = await this.#commit(request, prepared, folder, operation);
      await this.#ledger.step("done", operation);
      return change;
    } finally {
      await rm(staging, { recursive: true, force: true });
      await this.#ledger.end();
    }
  }

  async #prepare(request: InstallRequest, staging: string): Promise<Prepared | { already: InstallRecord }> {
    const { source, expectedIntegrity } = request;
    let already: InstallRecord | undefined;
    const staged = await stagePackage(source, staging, {
      npm: this.#npm,
      ...(expectedIntegrity === undefined ? {} : { expectedIntegrity }),
      isInstalled: async (integrity) => {
        already = await this.#ledger.whole(integrity);
        return already !== undefined;
      },
    });
    if ("installed" in staged) return { already: already as InstallRecord };
    const folder = join(staging, staged.inside);
    return this.#review(request, staged, await examinePackage(folder), folder);
  }

  #review(
    request: InstallRequest,
    staged: StagedPackage,
    examined: ExaminedPackage,
    folder: string,
  ): Promise<Prepared> {
    const previous = this.#book.find(examined.pluginId);
    return reviewPackage(this.#options, request, { staged, examined, previous }, folder);
  }

  /** The same content again: only its being enabled may be missing. */
  async #confirm(record: InstallRecord, { keepSwitch }: InstallRequest): Promise<PluginChange> {
    const { paths } = keepSwitch ? { paths: [] } : await this.#enable(record.pluginIds);
    await this.#options.host.apply();
    const same = unchanged(record, `${titleOf(record)} is installed already`);
    return { ...same, configPaths: paths, changed: paths.length > 0 };
  }

  /** Takes a folder as it is: nothing is copied, so there is nothing to stage. */
  async #link(request: InstallRequest, path: string): Promise<PluginChange> {
    const examined = await examinePackage(path);
    const staged: StagedPackage = { inside: "", resolvedSpec: path, integrity: "linked", warnings: [] };
    const prepared = await this.#review(request, staged, examined, path);
    const { previous } = prepared;
    if (previous?.linked && previous.folder === path) {
      return unchanged(previous, `${previous.pluginId} is linked to ${path} already`);
    }
    const operation = await this.#ledger.begin("install", path);
    try {
      return await this.#commit(request, prepared, path, operation);
    } finally {
      await this.#ledger.end();
    }
  }

  /**
   * Writes the record of files that are in place, has the host take them up, and only then drops the old
   * ones. Whatever fails puts the old record back.
   */
  async #commit(
    request: InstallRequest,
    prepared: Prepared,
    folder: string,
    operation: Operation,
  ): Promise<PluginChange> {
    const { previous } = prepared;
    const record = recordOf(request, prepared, folder, this.#options.clock.now());
    await this.#ledger.put(record);
    await this.#ledger.step("booked", operation);
    let change: PluginChange;
    try {
      change = await this.#takeUp(record, prepared, request.keepSwitch ?? false);
    } catch (error) {
      if (previous) {
        await this.#ledger.put(previous);
        await this.#ledger.removeFiles(record);
      } else await this.#ledger.drop(record);
      await this.#options.host.apply();
      throw error;
    }
    await this.#ledger.step("configured", operation);
    if (previous) await this.#ledger.removeFiles(previous);
    return change;
  }

  async #takeUp(
    record: InstallRecord,
    { examined, previous, review }: Prepared,
    keepSwitch: boolean,
  ): Promise<PluginChange> {
    const { host } = this.#options;
    const ids = record.pluginIds;
    const wasOn = previous && (await host.present()).some(({ id, enabled }) => enabled && named(ids, id));
    if (wasOn) await this.#reload(record, previous);
    const { notes, paths } =
      previous && keepSwitch ? { notes: [], paths: [] } : await this.#enable(ids, arrivingIn(examined));
    await host.apply();
    const installed: InstallRecord = { ...record, state: "installed" };
    await this.#ledger.put(installed);
    return {
      pluginId: record.pluginId,
      pluginIds: ids,
      changed: true,
      message: previous
        ? `${record.pluginId} is updated${previous.version ? ` from ${previous.version}` : ""} to ${record.version ?? "new content"}`
        : `${titleOf(record)} is installed and enabled`,
      warnings: [...review.warnings, ...notes, ...(await host.problems(ids))],
      record: installed,
      configPaths: paths,
    };
  }

  /** Puts new code in the place of the old in a running gateway. */
  async #reload(record: InstallRecord, previous: InstallRecord): Promise<void> {
    try {
      for (const id of record.pluginIds) await this.#options.host.reload(id);
    } catch (error) {
      throw new SluiceError<InstallErrorCode>(
        "UPDATE_FAILED",
        `${titleOf(record)} does not load (${errorMessage(error)}); ${previous.version ?? "the old version"} goes on`,
        { cause: error },
      );
    }
  }

  async #finishEnabling(record: InstallRecord): Promise<void> {
    // An interrupted update finds its plugin in the configuration already, on or off.
    if (record.updatedAt === undefined) await this.#enable(record.pluginIds);
    await this.#ledger.put({ ...record, state: "installed" });
  }

  async #finishRemoval(record: InstallRecord, operation?: Operation): Promise<string[]> {
    const removal = record.removal ?? { keepConfig: true, purgeChannels: false, channels: [] };
    const paths = await this.#configure(`uninstall plugin ${record.pluginId}`, (draft) =>
      forgetIn(draft, record.pluginIds, removal),
    );
    if (operation) await this.#ledger.step("configured", operation);
    await this.#options.host.apply();
    await this.#ledger.drop(record);
    await this.#ledger.end();
    return paths;
  }

  async #forgetForeign(pluginId: string, wish: Omit<Removal, "channels">): Promise<PluginChange> {
    const plugin = (await this.#options.host.present()).find(({ id }) => policyId(id) === policyId(pluginId));
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
    const paths = await this.#configure(`uninstall plugin ${plugin.id}`, (draft) =>
      forgetIn(draft, [plugin.id], removal, plugin.rootDir),
    );
    await this.#options.host.apply();
    return {
      pluginId: plugin.id,
      pluginIds: [plugin.id],
      changed: paths.length > 0,
      message: `${plugin.id} is no longer loaded; its folder ${plugin.rootDir} stays`,
      warnings: [],
      configPaths: paths,
    };
  }

  async #notInstalled(pluginId: string): Promise<SluiceError<InstallErrorCode>> {
    const plugin = (await this.#options.host.present()).find(({ id }) => policyId(id) === policyId(pluginId));
    const why = plugin
      ? `it is ${plugin.origin === "bundled" ? "part of Sluice and comes with its updates" : "not tracked: its files are yours"}`
      : "it is not installed";
    return new SluiceError("PLUGIN_UNKNOWN", `${pluginId} cannot be updated: ${why}`);
  }

  /** `arriving`: plugins the host has not seen yet. */
  async #enable(
    ids: readonly string[],
    arriving: readonly PresentPlugin[] = [],
  ): Promise<{ paths: string[]; notes: string[] }> {
    const known = (await this.#options.host.present()).filter(
      (plugin) => !arriving.some(({ id }) => policyId(id) === policyId(plugin.id)),
    );
    const present = [...known, ...arriving];
    let notes: string[] = [];
    const paths = await this.#configure(`enable plugin ${ids.join(", ")}`, (draft) => {
      notes = enableIn(draft, ids, present);
    });
    return { paths, notes };
  }

  async #configure(reason: string, change: (draft: Draft) => void): Promise<string[]> {
    const { changedPaths } = await this.#options.config.mutate(change, { reason });
    return changedPaths;
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

function recordOf(
  { source }: InstallRequest,
  { staged, examined, previous, review }: Prepared,
  folder: string,
  now: number,
): InstallRecord {
  return {
    pluginId: review.pluginId,
    pluginIds: review.pluginIds,
    source: review.source,
    spec: specOf(source),
    resolvedSpec: staged.resolvedSpec,
    folder,
    linked: source.kind === "folder" && source.link,
    ...(source.kind === "npm" ? {} : { sourcePath: source.path }),
    ...(examined.packageName ? { packageName: examined.packageName } : {}),
    ...(examined.version ? { version: examined.version } : {}),
    integrity: staged.integrity,
    consent: digestClaims(review.claims),
    installedAt: previous?.installedAt ?? now,
    ...(previous ? { updatedAt: now } : {}),
    state: "enabling",
  };
}

function titleOf({ pluginId, version }: InstallRecord): string {
  return version ? `${pluginId} ${version}` : pluginId;
}

function named(ids: readonly string[], id: string): boolean {
  return ids.some((one) => policyId(one) === policyId(id));
}

function unchanged(record: InstallRecord, message: string): PluginChange {
  return {
    pluginId: record.pluginId,
    pluginIds: record.pluginIds,
    changed: false,
    message,
    warnings: [],
    record,
    configPaths: [],
  };
}
