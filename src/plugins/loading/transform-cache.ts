import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { lstat, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { JitiOptions } from "jiti";
import type { Clock } from "../../kernel/clock.ts";

export type Transform = NonNullable<JitiOptions["transform"]>;
type TransformOptions = Parameters<Transform>[0];

/** What all entries together may take on disk; what was not used for longest goes first. */
export const MAX_TRANSFORM_CACHE_BYTES = 64 * 1024 * 1024;
/** Larger results are made anew each time. */
export const MAX_TRANSFORM_ENTRY_BYTES = 8 * 1024 * 1024;
/** How much an entry's time of last use may lag behind: noting every use would cost a write. */
const USE_PRECISION_MS = 86_400_000;

/** Changes with the form of the entries. */
const FORMAT = 1;
const ENTRY_NAME = /^[0-9a-f]{64}\.js$/;
const DIGEST_LENGTH = 64;
/** A link that lies where an entry belongs is not followed. */
const WRITE_HERE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0);

export interface TransformCacheOptions {
  /** Belongs to this cache alone; made when it is needed, for its owner only. */
  readonly folder: string;
  readonly clock: Pick<Clock, "now">;
  /** @default MAX_TRANSFORM_CACHE_BYTES */
  readonly maxBytes?: number;
}

/**
 * Keeps on disk what TypeScript of plugins was transformed to. An entry's name is a digest of everything the
 * result depends on, so that a changed file, option or compiler never finds an old one; the entry itself begins
 * with a digest of the rest, so that a damaged one counts as none. A folder that cannot be used costs only time.
 */
export class TransformCache {
  readonly #options: TransformCacheOptions;
  #isUsable: boolean | undefined;
  #isWritable = true;
  /** Something may have to go: nobody looked yet in this process, or entries were added since. */
  #isUntidy = true;

  constructor(options: TransformCacheOptions) {
    this.#options = options;
  }

  /** The same transform, with results kept. `compiler`: its name and version. */
  around(compiler: string, transform: Transform): Transform {
    return (options) => {
      if (!this.#prepared()) return transform(options);
      const file = join(this.#options.folder, entryName(compiler, options));
      const kept = this.#read(file);
      if (kept !== undefined) return { code: kept };
      const result = transform(options);
      // What cannot be transformed says why in code that throws.
      if (!result.error && !result.code.includes("__JITI_ERROR__")) this.#write(file, result.code);
      return result;
    };
  }

  /** Removes entries until they fit into the bound. Does nothing while none were added. */
  async tidy(): Promise<void> {
    if (!this.#isUntidy || !this.#isUsable) return;
    this.#isUntidy = false;
    const { folder, maxBytes = MAX_TRANSFORM_CACHE_BYTES } = this.#options;
    const entries: { file: string; size: number; usedAt: number }[] = [];
    for (const name of await readdir(folder).catch(() => [])) {
      if (!ENTRY_NAME.test(name)) continue;
      const file = join(folder, name);
      const found = await lstat(file).catch(() => undefined);
      if (found?.isFile()) entries.push({ file, size: found.size, usedAt: found.mtimeMs });
    }
    let bytes = entries.reduce((sum, { size }) => sum + size, 0);
    for (const { file, size } of entries.sort((a, b) => a.usedAt - b.usedAt)) {
      if (bytes <= maxBytes) return;
      await unlink(file).catch(() => {});
      bytes -= size;
    }
  }

  /** Code from here runs with the gateway's rights: the folder must be its owner's alone. */
  #prepared(): boolean {
    if (this.#isUsable !== undefined) return this.#isUsable;
    const { folder } = this.#options;
    this.#isUsable = false;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const found = lstatSync(folder);
      const isOwn = process.getuid === undefined || found.uid === process.getuid();
      if (!found.isDirectory() || !isOwn) return false;
      if ((found.mode & 0o077) !== 0) chmodSync(folder, 0o700);
      this.#isUsable = true;
    } catch {
      // A state folder that cannot be written: every start transforms anew.
    }
    return this.#isUsable;
  }

  #read(file: string): string | undefined {
    try {
      const found = lstatSync(file);
      if (!found.isFile() || found.size > MAX_TRANSFORM_ENTRY_BYTES) return undefined;
      const text = readFileSync(file, "utf8");
      const code = text.slice(DIGEST_LENGTH);
      if (digest(code) !== text.slice(0, DIGEST_LENGTH)) return undefined;
      this.#noteUse(file, found.mtimeMs);
      return code;
    } catch {
      return undefined;
    }
  }

  #noteUse(file: string, usedAt: number): void {
    const now = this.#options.clock.now();
    if (now - usedAt < USE_PRECISION_MS) return;
    try {
      utimesSync(file, now / 1_000, now / 1_000);
    } catch {
      // It can be read all the same.
    }
  }

  #write(file: string, code: string): void {
    if (!this.#isWritable) return;
    const entry = Buffer.from(digest(code) + code);
    // What is no proper text would not come back as it was.
    if (entry.length > MAX_TRANSFORM_ENTRY_BYTES || entry.toString("utf8", DIGEST_LENGTH) !== code) return;
    try {
      const handle = openSync(file, WRITE_HERE, 0o600);
      try {
        writeFileSync(handle, entry);
      } finally {
        closeSync(handle);
        this.#isUntidy = true;
      }
    } catch {
      // A full disk, or a folder that may only be read: not tried again for every file.
      this.#isWritable = false;
    }
  }
}

function entryName(compiler: string, options: TransformOptions): string {
  return `${digest(JSON.stringify([FORMAT, compiler, process.version, options]))}.js`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
