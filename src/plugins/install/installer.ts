import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/logger.ts";
import { policyId } from "../discovery/candidate.ts";
import type { HookRunner } from "../types.ts";
import type { InstallBook } from "./book.ts";
import { claimsOf, digestClaims, reviewToken } from "./claims.ts";
import { type Draft, disableIn, enableIn, forgetIn } from "./config-edit.ts";
import { syncFolder } from "./durable-file.ts";
import { arrivingIn, type ExaminedPackage, examinePackage, folderNameOf } from "./examine.ts";
import { askGuards } from "./guards.ts";
import { NpmClient } from "./npm-client.ts";
import { recordedSource, specOf } from "./source.ts";
import { type StagedPackage, stagePackage } from "./stage.ts";
import { digestTree } from "./tree.ts";
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

/** Where an operation stands; each is durable when it is told. */
export type InstallStep = "recorded" | "staged" | "moved" | "booked" | "configured" | "done";

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
  /** Asked once with everything the manifest claims; false refuses. Not asked again for claims agreed to before. */
  consent(review: InstallReview): boolean | Promise<boolean>;
}

interface Prepared {
  readonly staged: StagedPackage;
  readonly examined: ExaminedPackage;
  readonly review: InstallReview;
  readonly previous: InstallRecord | undefined;
}

/**
 * Installs, updates, enables, disables and removes plugins. One operation at a time; every one is recorded
 * before it acts, and what a crash interrupts the next start finishes or undoes ({@link PluginInstaller.recover}).
 * Only the holder of the state folder's lock may have one.
 */
export class PluginInstaller {
  readonly #options: InstallerOptions;
  readonly #book: InstallBook;
  readonly #npm: NpmClient;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: InstallerOptions) {
    this.#options = options;
    this.#book = options.book;
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
      return this.#install({ ...request, source: sourceOf(record), expectedPluginId: record.pluginId });
    });
  }

  /** Turns a plugin on or off in the configuration. @throws SluiceError `PLUGIN_UNKNOWN` */
  setEnabled(pluginId: string, enabled: boolean): Promise<PluginChange> {
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
          if (enabled) notes = enableIn(draft, ids, present);
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
        .filter(({ id }) => record.pluginIds.some((one) => policyId(one) === policyId(id)))
        .flatMap((plugin) => plugin.channels);
      const removal: Removal = { ...wish, channels };
      const operation = await this.#begin("uninstall", record.pluginId);
      await this.#book.write(({ records }) => {
        records[policyId(record.pluginId)] = { ...record, state: "removing", removal };
      });
      await this.#step("booked", operation);
      const paths = await this.#finishRemoval({ ...record, state: "removing", removal }, operation);
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
      await this.#sweep();
      await this.#end();
      for (const line of done) this.#options.logger.warn(line);
      return done;
    });
  }

  async #install(request: InstallRequest): Promise<PluginChange> {
    const { source } = request;
    if (source.kind === "folder" && source.link) return this.#link(request, source.path);
    const operation = await this.#begin("install", specOf(source));
    const staging = join(this.#book.root, "staging", operation.id);
    try {
      const prepared = await this.#prepare(request, staging);
      if ("already" in prepared) return await this.#confirm(prepared.already);
      await this.#step("staged", operation);
      const change = await this.#commit(request, prepared, staging, operation);
      await this.#step("done", operation);
      return change;
    } finally {
      await rm(staging, { recursive: true, force: true });
      await this.#end();
    }
  }

  async #prepare(request: InstallRequest, staging: string): Promise<Prepared | { already: InstallRecord }> {
    const { source, expectedIntegrity } = request;
    let already: InstallRecord | undefined;
    const staged = await stagePackage(source, staging, {
      npm: this.#npm,
      ...(expectedIntegrity === undefined ? {} : { expectedIntegrity }),
      isInstalled: async (integrity) => {
        const record = this.#book.records.find(
          (one) => one.integrity === integrity && one.state === "installed",
        );
        if (record && (await this.#isWhole(record))) already = record;
        return already !== undefined;
      },
    });
    if ("installed" in staged) return { already: already as InstallRecord };
    const folder = join(staging, staged.inside);
    return this.#review(request, staged, await examinePackage(folder), folder);
  }

  /** The same content again: only its being enabled may be missing. */
  async #confirm(record: InstallRecord): Promise<PluginChange> {
    const configPaths = await this.#enable(record.pluginIds);
    await this.#options.host.apply();
    const version = record.version ? ` ${record.version}` : "";
    const message = `${record.pluginId}${version} is installed already`;
    return { ...unchanged(record, message), configPaths, changed: configPaths.length > 0 };
  }

  /** Everything that may refuse: id, operator policy, hooks, consent. */
  async #review(
    request: InstallRequest,
    staged: StagedPackage,
    examined: ExaminedPackage,
    folder: string,
  ): Promise<Prepared> {
    const { source, expectedPluginId } = request;
    const { pluginId } = examined;
    if (expectedPluginId !== undefined && policyId(expectedPluginId) !== policyId(pluginId)) {
      throw new SluiceError<InstallErrorCode>(
        "ID_TAKEN",
        `the package now calls itself "${pluginId}", not "${expectedPluginId}"; uninstall the old one first`,
      );
    }
    const previous = this.#book.find(pluginId);
    this.#refuseTakenId(request, examined, previous);
    const claims = claimsOf(examined.candidates);
    const before = previous?.consent === digestClaims(claims);
    const mode = previous ? "update" : "install";
    const first = examined.candidates[0];
    const base = {
      pluginId,
      pluginIds: examined.pluginIds,
      name: first?.manifest?.name ?? pluginId,
      ...(examined.version ? { version: examined.version } : {}),
      ...(examined.packageName ? { packageName: examined.packageName } : {}),
      ...(first?.manifest?.description ? { description: first.manifest.description } : {}),
      source: recordedSource(source),
      resolvedSpec: staged.resolvedSpec,
      integrity: staged.integrity,
      claims,
      reviewToken: reviewToken(pluginId, staged.integrity, claims),
      mode,
    } as const;
    const policyWarnings = await askGuards(this.#options, request, base, folder);
    const review: InstallReview = {
      ...base,
      warnings: [...staged.warnings, ...examined.warnings, ...policyWarnings],
      added: before ? [] : claims,
    };
    if (!before && !(await request.consent(review))) {
      throw new SluiceError<InstallErrorCode>(
        "CONSENT_REQUIRED",
        `"${pluginId}" is not installed: nobody agreed to what it may do; repeat with --yes to agree`,
        { details: { code: "PLUGIN_CAPABILITY_CONSENT_REQUIRED", ...review } },
      );
    }
    return { staged, examined, review, previous };
  }

  #refuseTakenId(
    { source, force }: InstallRequest,
    { pluginId, packageName }: ExaminedPackage,
    previous: InstallRecord | undefined,
  ): void {
    if (!previous || force) return;
    const sameName = previous.packageName === packageName;
    if (sameName && (packageName !== undefined || previous.source === recordedSource(source))) return;
    throw new SluiceError<InstallErrorCode>(
      "ID_TAKEN",
      `"${pluginId}" is installed already from ${previous.resolvedSpec ?? previous.spec}; uninstall that first, or repeat with --force to replace it`,
      { details: { installed: previous.spec } },
    );
  }

  /** True when the files of a record are all there and unchanged, as far as that can be told. */
  async #isWhole(record: InstallRecord): Promise<boolean> {
    const folder = this.#book.folderOf(record);
    if (record.source === "path") return (await digestTree(folder).catch(() => "")) === record.integrity;
    return examinePackage(folder).then(
      () => true,
      () => false,
    );
  }

  /** Moves the staged package in place, writes the record, enables it, and only then drops the old one. */
  async #commit(
    request: InstallRequest,
    prepared: Prepared,
    staging: string,
    operation: Operation,
  ): Promise<PluginChange> {
    const { staged, review, previous, examined } = prepared;
    const { clock } = this.#options;
    const packages = join(this.#book.root, "packages");
    // A folder of its own for every version: nothing is replaced in place, and its modules are new to Node.
    const target = join(packages, `${folderNameOf(review.pluginId)}-${operation.id.slice(0, 8)}`);
    await mkdir(packages, { recursive: true, mode: 0o700 });
    await rename(staging, target);
    await syncFolder(packages);
    await this.#step("moved", operation);
    const folder = relative(this.#book.root, join(target, staged.inside)).split(sep).join("/");
    const record: InstallRecord = {
      pluginId: review.pluginId,
      pluginIds: review.pluginIds,
      source: review.source,
      spec: specOf(request.source),
      resolvedSpec: staged.resolvedSpec,
      folder,
      linked: false,
      ...(request.source.kind === "npm" ? {} : { sourcePath: request.source.path }),
      ...(examined.packageName ? { packageName: examined.packageName } : {}),
      ...(examined.version ? { version: examined.version } : {}),
      integrity: staged.integrity,
      consent: digestClaims(review.claims),
      installedAt: previous?.installedAt ?? clock.now(),
      ...(previous ? { updatedAt: clock.now() } : {}),
      state: "enabling",
    };
    await this.#writeRecord(record);
    await this.#step("booked", operation);
    const change = await this.#finishInstall(record, { examined, previous, review });
    await this.#step("configured", operation);
    if (previous && !previous.linked) await this.#removeFiles(previous);
    return change;
  }

  async #link(request: InstallRequest, path: string): Promise<PluginChange> {
    const examined = await examinePackage(path);
    const staged: StagedPackage = { inside: "", resolvedSpec: path, integrity: "linked", warnings: [] };
    const { review, previous } = await this.#review(request, staged, examined, path);
    if (previous?.linked && previous.folder === path) {
      return unchanged(previous, `${previous.pluginId} is linked to ${path} already`);
    }
    const operation = await this.#begin("install", path);
    try {
      const record: InstallRecord = {
        pluginId: review.pluginId,
        pluginIds: review.pluginIds,
        source: "path",
        spec: path,
        folder: path,
        linked: true,
        sourcePath: path,
        ...(examined.packageName ? { packageName: examined.packageName } : {}),
        ...(examined.version ? { version: examined.version } : {}),
        integrity: "linked",
        consent: digestClaims(review.claims),
        installedAt: this.#options.clock.now(),
        state: "enabling",
      };
      await this.#writeRecord(record);
      await this.#step("booked", operation);
      const change = await this.#finishInstall(record, { examined, previous, review });
      if (previous && !previous.linked) await this.#removeFiles(previous);
      return change;
    } finally {
      await this.#end();
    }
  }

  async #finishInstall(
    record: InstallRecord,
    { examined, previous, review }: Omit<Prepared, "staged">,
  ): Promise<PluginChange> {
    const { host } = this.#options;
    const wasOn =
      previous &&
      (await host.present()).some(({ id, enabled }) => enabled && policyId(id) === policyId(record.pluginId));
    let notes: string[] = [];
    let paths: string[] = [];
    if (previous) {
      // An update changes code, not what the operator switched on or off.
      if (wasOn) await this.#reload(record, previous);
    } else {
      ({ notes, paths } = await this.#enableNoting(record.pluginIds, arrivingIn(examined)));
    }
    await host.apply();
    await this.#writeRecord({ ...record, state: "installed" });
    const version = record.version ? ` ${record.version}` : "";
    return {
      pluginId: record.pluginId,
      pluginIds: record.pluginIds,
      changed: true,
      message: previous
        ? `${record.pluginId} is updated${previous.version ? ` from ${previous.version}` : ""} to${version || " new content"}`
        : `${record.pluginId}${version} is installed and enabled`,
      warnings: [...review.warnings, ...notes, ...(await host.problems(record.pluginIds))],
      record: { ...record, state: "installed" },
      configPaths: paths,
    };
  }

  /** Puts new code in the place of the old in a running gateway; on failure everything stays as it was. */
  async #reload(record: InstallRecord, previous: InstallRecord): Promise<void> {
    try {
      for (const id of record.pluginIds) await this.#options.host.reload(id);
    } catch (error) {
      await this.#writeRecord(previous);
      await this.#options.host.apply();
      if (!record.linked) await this.#removeFiles(record);
      throw new SluiceError<InstallErrorCode>(
        "UPDATE_FAILED",
        `${record.pluginId} ${record.version ?? ""} does not load (${errorMessage(error)}); ${previous.version ?? "the old version"} goes on`,
        { cause: error },
      );
    }
  }

  async #finishEnabling(record: InstallRecord): Promise<void> {
    // An interrupted update finds its plugin in the configuration already, on or off.
    if (record.updatedAt === undefined) await this.#enable(record.pluginIds);
    await this.#writeRecord({ ...record, state: "installed" });
  }

  async #finishRemoval(record: InstallRecord, operation?: Operation): Promise<string[]> {
    const removal = record.removal ?? { keepConfig: true, purgeChannels: false, channels: [] };
    const paths = await this.#configure(`uninstall plugin ${record.pluginId}`, (draft) =>
      forgetIn(draft, record.pluginIds, removal),
    );
    if (operation) await this.#step("configured", operation);
    await this.#options.host.apply();
    await this.#book.write(({ records }) => {
      delete records[policyId(record.pluginId)];
    });
    if (!record.linked) await this.#removeFiles(record);
    await this.#end();
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

  async #enable(ids: readonly string[]): Promise<string[]> {
    return (await this.#enableNoting(ids)).paths;
  }

  /** `arriving`: plugins the host has not seen yet. */
  async #enableNoting(
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

  async #begin(kind: Operation["kind"], spec: string): Promise<Operation> {
    const operation: Operation = { id: newUuid(), kind, spec, startedAt: this.#options.clock.now() };
    await this.#book.write((contents) => {
      contents.operation = operation;
    });
    await this.#step("recorded", operation);
    return operation;
  }

  async #end(): Promise<void> {
    if (!this.#book.operation) return;
    await this.#book.write((contents) => {
      delete contents.operation;
    });
  }

  #writeRecord(record: InstallRecord): Promise<void> {
    return this.#book.write(({ records }) => {
      records[policyId(record.pluginId)] = record;
    });
  }

  async #step(step: InstallStep, operation: Operation): Promise<void> {
    await this.#options.onStep?.(step, operation);
  }

  /** Removes the managed folder of a package, and only such a one. */
  async #removeFiles(record: InstallRecord): Promise<void> {
    const [packages, name] = record.folder.split("/");
    if (packages !== "packages" || !name || name === "..") return;
    await rm(join(this.#book.root, "packages", name), { recursive: true, force: true });
  }

  /** Removes what no record names: staging folders, and package folders of interrupted operations. */
  async #sweep(): Promise<void> {
    await rm(join(this.#book.root, "staging"), { recursive: true, force: true });
    const packages = join(this.#book.root, "packages");
    const used = new Set(this.#book.records.map(({ folder }) => folder.split("/")[1]));
    for (const name of await readdir(packages).catch(() => [] as string[])) {
      if (!used.has(name)) await rm(join(packages, basename(name)), { recursive: true, force: true });
    }
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
