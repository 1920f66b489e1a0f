import { rm } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { named, titleOf, unchanged } from "./change.ts";
import { digestClaims } from "./claims.ts";
import { arrivingIn, type ExaminedPackage, examinePackage } from "./examine.ts";
import type { InstallerOptions, InstallRequest } from "./installer-options.ts";
import { KnownPackages } from "./known-packages.ts";
import type { InstallLedger } from "./ledger.ts";
import { NpmClient } from "./npm-client.ts";
import { type Prepared, reviewPackage } from "./review.ts";
import { specOf } from "./source.ts";
import { nothingToFetch, type StagedPackage, stagePackage } from "./stage.ts";
import type { PluginSwitches } from "./switches.ts";
import type { InstallErrorCode, InstallRecord, Operation, PluginChange } from "./types.ts";

/** How a package becomes an installed plugin: staged, reviewed, moved in, written down, taken up by the host. */
export class PackageArrival {
  readonly #options: InstallerOptions;
  readonly #ledger: InstallLedger;
  readonly #switches: PluginSwitches;
  readonly #npm: NpmClient;
  readonly #known = new KnownPackages();

  constructor(options: InstallerOptions, ledger: InstallLedger, switches: PluginSwitches) {
    this.#options = options;
    this.#ledger = ledger;
    this.#switches = switches;
    this.#npm = new NpmClient(options);
  }

  /** @throws SluiceError with an {@link InstallErrorCode}; nothing is left behind then */
  async install(request: InstallRequest): Promise<PluginChange> {
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
    const previous = this.#options.book.find(examined.pluginId);
    return reviewPackage(this.#options, request, { staged, examined, previous }, folder, this.#known);
  }

  /** The same content again: only its being enabled may be missing. */
  async #confirm(record: InstallRecord, { keepSwitch }: InstallRequest): Promise<PluginChange> {
    const { paths } = keepSwitch ? { paths: [] } : await this.#switches.enable(record.pluginIds);
    await this.#options.host.apply();
    const same = unchanged(record, `${titleOf(record)} is installed already`);
    return { ...same, configPaths: paths, changed: paths.length > 0 };
  }

  /** Takes a folder as it is: nothing is copied, so there is nothing to stage. */
  async #link(request: InstallRequest, path: string): Promise<PluginChange> {
    const examined = await examinePackage(path);
    const staged: StagedPackage = {
      inside: "",
      resolvedSpec: path,
      integrity: "linked",
      warnings: [],
      elsewhere: [],
      fetchPackages: nothingToFetch,
    };
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
      previous && keepSwitch
        ? { notes: [], paths: [] }
        : await this.#switches.enable(ids, arrivingIn(examined));
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

  /** What an interrupted process had written down and not turned on. */
  async finish(record: InstallRecord): Promise<void> {
    // An interrupted update finds its plugin in the configuration already, on or off.
    if (record.updatedAt === undefined) await this.#switches.enable(record.pluginIds);
    await this.#ledger.put({ ...record, state: "installed" });
  }
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
