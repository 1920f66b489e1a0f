import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { parseJson } from "../../kernel/safe-json.ts";
import { policyId } from "../discovery/candidate.ts";
import { isPlain } from "../manifest/fields.ts";
import { writeDurably } from "./durable-file.ts";
import type { InstallErrorCode, InstallRecord, Operation } from "./types.ts";

/** More installed packages than anybody has; a book with more is refused. */
export const MAX_INSTALLED_PACKAGES = 1_000;

export interface BookContents {
  operation?: Operation;
  /** By policy id of the package. */
  records: Record<string, InstallRecord>;
}

/**
 * The durable list of installed packages, `<stateDir>/plugins/installs.json` (spec 2.15). A file rather than
 * the database: a command reads it without a gateway, and a start reads it before the database is open. Only
 * the holder of the state folder's lock writes it.
 */
export class InstallBook {
  readonly root: string;
  #contents: BookContents = { records: {} };
  #problem: string | undefined;

  private constructor(root: string) {
    this.root = root;
  }

  /** A missing file is an empty book; a broken one is empty too, says so, and refuses to be written. */
  static async open(stateDir: string): Promise<InstallBook> {
    const book = new InstallBook(join(stateDir, "plugins"));
    await book.#read();
    return book;
  }

  get file(): string {
    return join(this.root, "installs.json");
  }

  /** What is wrong with the file; undefined when nothing is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get operation(): Operation | undefined {
    return this.#contents.operation;
  }

  get records(): readonly InstallRecord[] {
    return Object.values(this.#contents.records);
  }

  /** The record of a package, by its id or by the id of one of its plugins. */
  find(id: string): InstallRecord | undefined {
    const key = policyId(id);
    return this.records.find(
      (record) => policyId(record.pluginId) === key || record.pluginIds.some((one) => policyId(one) === key),
    );
  }

  /** Folders that discovery reads as installed plugins; those being removed are gone already. */
  folders(): readonly string[] {
    return this.records.filter(({ state }) => state !== "removing").map((record) => this.folderOf(record));
  }

  /** Absolute path of an installed plugin. */
  folderOf({ folder }: Pick<InstallRecord, "folder">): string {
    return isAbsolute(folder) ? folder : join(this.root, folder);
  }

  /** Changes the book; resolves when the change is on disk. */
  async write(change: (contents: BookContents) => void): Promise<void> {
    if (this.#problem !== undefined) {
      throw new SluiceError<InstallErrorCode>(
        "BOOK_BROKEN",
        `${this.file} cannot be read (${this.#problem}); repair it or move it away, then install the plugins again`,
      );
    }
    const next = structuredClone(this.#contents);
    change(next);
    await writeDurably(this.file, `${JSON.stringify({ version: 1, ...next }, null, 2)}\n`);
    this.#contents = next;
  }

  async #read(): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      this.#problem = errorMessage(error);
      return;
    }
    try {
      this.#contents = readContents(parseJson(text));
    } catch (error) {
      this.#problem = errorMessage(error);
    }
  }
}

function readContents(value: unknown): BookContents {
  if (!isPlain(value) || value["version"] !== 1 || !isPlain(value["records"])) {
    throw new Error('expected { "version": 1, "records": { … } }');
  }
  const records: Record<string, InstallRecord> = {};
  const entries = Object.entries(value["records"]);
  if (entries.length > MAX_INSTALLED_PACKAGES) throw new Error("too many records");
  for (const [key, record] of entries) {
    if (!isPlain(record) || typeof record["pluginId"] !== "string" || typeof record["folder"] !== "string") {
      throw new Error(`the record "${key}" has no "pluginId" or no "folder"`);
    }
    if (!isAbsolute(record["folder"]) && record["folder"].split(/[\\/]/).includes("..")) {
      throw new Error(`the record "${key}" leads out of the plugins folder`);
    }
    if (!Array.isArray(record["pluginIds"])) throw new Error(`the record "${key}" has no "pluginIds"`);
    records[key] = record as unknown as InstallRecord;
  }
  const operation = isPlain(value["operation"]) ? (value["operation"] as unknown as Operation) : undefined;
  return { records, ...(operation ? { operation } : {}) };
}
