import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import type { Clock } from "../../kernel/clock.ts";
import { newUuid } from "../../kernel/ids.ts";
import { syncFolder } from "../../kernel/synced-files.ts";
import { policyId } from "../discovery/candidate.ts";
import type { InstallBook } from "./book.ts";
import { examinePackage, folderNameOf } from "./examine.ts";
import { digestTree } from "./tree.ts";
import type { InstallRecord, Operation } from "./types.ts";

/** Where an operation stands; each is durable when it is told. */
export type InstallStep = "recorded" | "staged" | "moved" | "booked" | "configured" | "done";

export interface LedgerOptions {
  readonly book: InstallBook;
  readonly clock: Clock;
  onStep?(step: InstallStep, operation: Operation): void | Promise<void>;
}

/** The book together with the package folders it speaks of: nothing is moved before it is written down. */
export class InstallLedger {
  readonly book: InstallBook;
  readonly #options: LedgerOptions;

  constructor(options: LedgerOptions) {
    this.book = options.book;
    this.#options = options;
  }

  /** Writes an operation down before it does anything. */
  async begin(kind: Operation["kind"], spec: string): Promise<Operation> {
    const operation: Operation = { id: newUuid(), kind, spec, startedAt: this.#options.clock.now() };
    await this.book.write((contents) => {
      contents.operation = operation;
    });
    await this.step("recorded", operation);
    return operation;
  }

  async step(step: InstallStep, operation: Operation): Promise<void> {
    await this.#options.onStep?.(step, operation);
  }

  async end(): Promise<void> {
    if (!this.book.operation) return;
    await this.book.write((contents) => {
      delete contents.operation;
    });
  }

  put(record: InstallRecord): Promise<void> {
    return this.book.write(({ records }) => {
      records[policyId(record.pluginId)] = record;
    });
  }

  /** Forgets a record, then removes its files. */
  async drop(record: InstallRecord): Promise<void> {
    await this.book.write(({ records }) => {
      delete records[policyId(record.pluginId)];
    });
    await this.removeFiles(record);
  }

  stagingOf(operation: Operation): string {
    return join(this.book.root, "staging", operation.id);
  }

  /**
   * Moves a staged package to its place in one step and returns the plugin's folder as records name it. Every
   * version has a folder of its own: nothing is replaced in place, and its modules are new to Node.
   */
  async moveIn(operation: Operation, pluginId: string, inside: string): Promise<string> {
    const packages = join(this.book.root, "packages");
    const target = join(packages, `${folderNameOf(pluginId)}-${operation.id.slice(0, 8)}`);
    await mkdir(packages, { recursive: true, mode: 0o700 });
    await rename(this.stagingOf(operation), target);
    await syncFolder(packages);
    await this.step("moved", operation);
    return relative(this.book.root, join(target, inside)).split(sep).join("/");
  }

  /** The record of exactly this content, when its files are all there. */
  async whole(integrity: string): Promise<InstallRecord | undefined> {
    const record = this.book.records.find((one) => one.integrity === integrity && one.state === "installed");
    if (!record) return undefined;
    const folder = this.book.folderOf(record);
    if (record.source === "path") {
      return (await digestTree(folder).catch(() => "")) === integrity ? record : undefined;
    }
    return examinePackage(folder).then(
      () => record,
      () => undefined,
    );
  }

  /** Removes the managed folder of a package, and only such a one. */
  async removeFiles(record: InstallRecord): Promise<void> {
    const [packages, name] = record.folder.split("/");
    if (record.linked || packages !== "packages" || !name || name === "..") return;
    await rm(join(this.book.root, "packages", name), { recursive: true, force: true });
  }

  /** Removes what no record names: staging folders, and package folders of interrupted operations. */
  async sweep(): Promise<void> {
    await rm(join(this.book.root, "staging"), { recursive: true, force: true });
    const packages = join(this.book.root, "packages");
    const used = new Set(this.book.records.map(({ folder }) => folder.split("/")[1]));
    for (const name of await readdir(packages).catch(() => [] as string[])) {
      if (!used.has(name)) await rm(join(packages, basename(name)), { recursive: true, force: true });
    }
  }
}
