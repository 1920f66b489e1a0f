import { createHash } from "node:crypto";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Disposable } from "sluice/plugin-sdk/foundation";
import { type Database, openDatabase } from "sluice/plugin-sdk/store";
import { FOLDERS, staysLocal } from "../contract/source-types.ts";
import { parseVaultFile } from "../render/parse.ts";
import type { CaptureService } from "../service.ts";
import type { EntryToIndex, SearchHit, SearchProcedures } from "./schema.ts";

export const MAX_RESULTS = 50;
const DEFAULT_RESULTS = 10;
const MAX_QUERY_WORDS = 16;
/** Entries sent to the index in one call. */
const ENTRIES_PER_PUT = 200;
/** Larger files are left out; a day's file of this size holds some hundred thousand entries. */
const MAX_FILE_BYTES = 134_217_728;
const DAY_FILE = /^\d{4}-\d{2}-\d{2}\.md$/;

export interface SearchOptions {
  tenant: string;
  query: string;
  folder?: string | undefined;
  /** `YYYY-MM-DD`, inclusive. */
  from?: string | undefined;
  to?: string | undefined;
  limit?: number | undefined;
  /** Leave out what must not reach a remote model. */
  forModel?: boolean;
}

/**
 * Full-text search over the vaults. The files are the truth: the index follows them, what users wrote and
 * removed included. It is opened with the first search and brought up to date before each.
 */
export class VaultSearch implements Disposable {
  readonly #service: CaptureService;
  readonly #index: Database<SearchProcedures>;
  #updating: Promise<void> = Promise.resolve();

  private constructor(service: CaptureService, index: Database<SearchProcedures>) {
    this.#service = service;
    this.#index = index;
  }

  static async open(parts: { service: CaptureService; workerFile: string }): Promise<VaultSearch> {
    const file = join(parts.service.stateDir, "capture", "search.sqlite");
    return new VaultSearch(
      parts.service,
      await openDatabase<SearchProcedures>({ file, workerFile: parts.workerFile }),
    );
  }

  async search(options: SearchOptions): Promise<SearchHit[]> {
    const match = ftsQuery(options.query);
    if (match === undefined) return [];
    await this.update(options.tenant);
    return this.#index.call.query.search({
      tenant: options.tenant,
      match,
      folders: this.#folders(options),
      from: options.from ?? null,
      to: options.to ?? null,
      limit: Math.min(MAX_RESULTS, Math.max(1, Math.floor(options.limit ?? DEFAULT_RESULTS))),
    });
  }

  /** Text of one entry by its path and block id, as read from the vault now. */
  async read(tenant: string, path: string, block: string): Promise<string | undefined> {
    const root = this.#service.vaults.root(tenant);
    const [folder = "", name = ""] = path.split("/");
    if (root === undefined || !FOLDERS.has(folder) || !DAY_FILE.test(name)) return undefined;
    const content = await readPlainFile(join(root, folder, name));
    const entry = content && parseVaultFile(content).find((one) => one.blockId === block);
    return entry ? bodyOf(entry.text, entry.fields) : undefined;
  }

  mayLeave(folder: string): boolean {
    return !staysLocal(folder) || this.#service.config.allowRemote.includes(folder);
  }

  /** Reads what changed since the last time. Folders are scanned each time, for users edit files too. */
  update(tenant: string): Promise<void> {
    const work = this.#updating.then(() => this.#update(tenant));
    this.#updating = work.catch(() => {});
    return work;
  }

  async dispose(): Promise<void> {
    await this.#updating;
    await this.#index.dispose();
  }

  async #update(tenant: string): Promise<void> {
    const root = this.#service.vaults.root(tenant);
    if (root === undefined) return;
    const known = new Map((await this.#index.call.index.files({ tenant })).map((file) => [file.path, file]));
    for (const folder of FOLDERS.keys()) {
      const names = await readdir(join(root, folder)).catch(() => [] as string[]);
      for (const name of names) {
        if (!DAY_FILE.test(name)) continue;
        const path = `${folder}/${name}`;
        const before = known.get(path);
        known.delete(path);
        const stat = await lstat(join(root, path)).catch(() => undefined);
        if (!stat?.isFile() || stat.size > MAX_FILE_BYTES) continue;
        const modified = Math.floor(stat.mtimeMs);
        if (before?.size === stat.size && before.modified === modified) continue;
        await this.#updateFile(tenant, root, { folder, name, size: stat.size, modified });
      }
    }
    for (const path of known.keys()) await this.#index.call.index.remove({ tenant, path });
  }

  async #updateFile(
    tenant: string,
    root: string,
    { folder, name, size, modified }: { folder: string; name: string; size: number; modified: number },
  ): Promise<void> {
    const path = `${folder}/${name}`;
    const known = await this.#index.call.index.file({ tenant, path });
    const content = await readFile(join(root, path));
    const appended =
      known !== null && content.length >= known.indexed && digest(content, known.indexed) === known.head;
    const start = appended ? known.indexed : 0;
    // Up to the last whole entry: the rest is read once it is whole.
    const text = content.subarray(start).toString("utf8");
    const entries = parseVaultFile(text).map(toIndexed);
    const lastBlock = entries.at(-1)?.block;
    const indexed =
      lastBlock === undefined
        ? start
        : start + Buffer.byteLength(text.slice(0, text.lastIndexOf(lastBlock) + lastBlock.length + 1));
    const common = { tenant, path, folder, day: name.slice(0, 10) };
    for (let at = 0; at === 0 || at < entries.length; at += ENTRIES_PER_PUT) {
      const last = at + ENTRIES_PER_PUT >= entries.length;
      await this.#index.call.index.put({
        ...common,
        // An interrupted run is noticed by its size and starts over.
        size: last ? size : -1,
        modified,
        indexed: last ? Math.min(indexed, content.length) : 0,
        head: last ? digest(content, Math.min(indexed, content.length)) : "",
        replace: at === 0 && !appended,
        entries: entries.slice(at, at + ENTRIES_PER_PUT),
      });
    }
  }

  #folders(options: SearchOptions): string[] | null {
    const asked = options.folder === undefined ? [...FOLDERS.keys()] : [options.folder];
    if (options.forModel) return asked.filter((folder) => this.mayLeave(folder));
    return options.folder === undefined ? null : asked;
  }
}

/** A query people type, as an expression FTS5 cannot misread: every word quoted, the last one a prefix. */
export function ftsQuery(query: string): string | undefined {
  const words = query.match(/[\p{L}\p{N}_]+/gu)?.slice(0, MAX_QUERY_WORDS);
  if (!words || words.length === 0) return undefined;
  return words.map((word, index) => (index === words.length - 1 ? `"${word}"*` : `"${word}"`)).join(" ");
}

function toIndexed(entry: ReturnType<typeof parseVaultFile>[number]): EntryToIndex {
  return {
    block: entry.blockId,
    at: entry.captured,
    sourceType: entry.sourceType,
    title: entry.title,
    body: bodyOf(entry.text, entry.fields),
  };
}

function bodyOf(text: string, fields: readonly [string, string][]): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}`);
  return [text, ...lines].filter((line) => line !== "").join("\n");
}

function digest(content: Buffer, length: number): string {
  return createHash("sha256").update(content.subarray(0, length)).digest("base64url");
}

async function readPlainFile(path: string): Promise<string | undefined> {
  const stat = await lstat(path).catch(() => undefined);
  return stat?.isFile() && stat.size <= MAX_FILE_BYTES ? readFile(path, "utf8") : undefined;
}
