import { createHash } from "node:crypto";
import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { isInside } from "../../kernel/confine-path.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { isRecord } from "../../kernel/records.ts";
import { type ConfigRecord, MAX_CONFIG_BYTES, parseConfigText } from "./parse-text.ts";

export const MAX_INCLUDE_DEPTH = 10;
export const MAX_INCLUDES = 100;
const MAX_INCLUDE_PATH = 4_096;
export const INCLUDE = "$include";

/** A place of the tree that comes from another file. */
export interface IncludeMount {
  path: readonly string[];
  /** The file a change below `path` can be written to; absent where that would be ambiguous. */
  file?: string;
}

export interface ConfigFile {
  path: string;
  text: string;
}

/** The configuration as it is on disk, references unresolved. */
export interface ConfigSource {
  exists: boolean;
  /** Text of the root file, `""` without one. */
  text: string;
  /** SHA-256 of the root's bytes; with includes, of the texts and paths of all files. */
  hash: string;
  /** Every file read besides the root, in order. */
  includes: ConfigFile[];
  /** The root as parsed, includes not followed. Absent when it does not parse. */
  raw?: ConfigRecord;
  /** After includes. Absent when something is broken; `error` says what. */
  effective?: ConfigRecord;
  mounts: IncludeMount[];
  error?: string;
}

/** Reads the file and what it includes. Never throws; what is wrong is in `error`. */
export async function readSource(path: string, includeRoots: readonly string[]): Promise<ConfigSource> {
  const nothing: ConfigSource = { exists: false, text: "", hash: sha256(""), includes: [], mounts: [] };
  let text: string;
  try {
    text = await readBounded(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { ...nothing, raw: {}, effective: {} };
    return { ...nothing, exists: true, error: `the file can not be read: ${errorMessage(error)}` };
  }
  return sourceOf(path, text, includeRoots);
}

/** The same for a text that the file has, or would have. */
export async function sourceOf(
  path: string,
  text: string,
  includeRoots: readonly string[],
): Promise<ConfigSource> {
  const source: ConfigSource = { exists: true, text, hash: sha256(text), includes: [], mounts: [] };
  try {
    source.raw = parseConfigText(source.text, path);
    if (source.text.includes(INCLUDE)) {
      const reader = new IncludeReader(await realRoots(path, includeRoots), source);
      source.effective = (await reader.follow(source.raw, dirname(path), [], [path])) as ConfigRecord;
    } else {
      source.effective = source.raw;
    }
    if (!isRecord(source.effective)) throw new Error("expected an object at the top");
  } catch (error) {
    source.effective = undefined;
    source.error = errorMessage(error);
  }
  source.hash = sourceHash(source.text, source.includes);
  return source;
}

/** The hash of a set of files; of the root alone it is the SHA-256 of its bytes. */
export function sourceHash(text: string, includes: readonly ConfigFile[]): string {
  if (includes.length === 0) return sha256(text);
  const digest = createHash("sha256").update(text);
  for (const include of includes) digest.update(`\0${include.path}\0${include.text}`);
  return digest.digest("hex");
}

/** Changes whenever one of the files changes, appears or disappears; costs a `stat` each. */
export async function fileFingerprint(paths: readonly string[]): Promise<string> {
  const marks = await Promise.all(
    paths.map(async (path) => {
      try {
        const { mtimeMs, size, ino } = await stat(path);
        return `${mtimeMs}:${size}:${ino}`;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? "unreadable";
      }
    }),
  );
  return marks.join("|");
}

class IncludeReader {
  readonly #roots: readonly string[];
  readonly #source: ConfigSource;

  constructor(roots: readonly string[], source: ConfigSource) {
    this.#roots = roots;
    this.#source = source;
  }

  /** `chain` is the files that led here, the innermost last. */
  async follow(
    node: unknown,
    folder: string,
    path: readonly string[],
    chain: readonly string[],
  ): Promise<unknown> {
    if (Array.isArray(node)) {
      // One after the other: the order of the files is part of the hash.
      const items: unknown[] = [];
      for (const [index, item] of node.entries()) {
        items.push(await this.follow(item, folder, [...path, String(index)], chain));
      }
      return items;
    }
    if (!isRecord(node)) return node;
    const { [INCLUDE]: include, ...siblings } = node;
    const merged: ConfigRecord = {};
    const mountsBefore = this.#source.mounts.length;
    let base: unknown;
    let single: string | undefined;
    if (include !== undefined) {
      const names = Array.isArray(include) ? include : [include];
      for (const name of names) {
        const file = await this.#locate(name, folder, chain);
        const value = await this.#read(file, path, chain);
        base = base === undefined ? value : deepMerge(base, value);
        single = file;
      }
      const nested = this.#source.mounts.length > mountsBefore;
      const owns = !Array.isArray(include) && !nested && Object.keys(siblings).length === 0;
      this.#source.mounts.push({ path, ...(owns && single !== undefined ? { file: single } : {}) });
    }
    for (const [key, child] of Object.entries(siblings)) {
      merged[key] = await this.follow(child, folder, [...path, key], chain);
    }
    return base === undefined ? merged : deepMerge(base, merged);
  }

  async #locate(name: unknown, folder: string, chain: readonly string[]): Promise<string> {
    if (typeof name !== "string" || name === "" || name.length >= MAX_INCLUDE_PATH || name.includes("\0")) {
      throw new Error(`${chain.at(-1)}: "${INCLUDE}" must name a file`);
    }
    if (chain.length > MAX_INCLUDE_DEPTH)
      throw new Error(`${chain.at(-1)}: more than ${MAX_INCLUDE_DEPTH} nested includes`);
    if (this.#source.includes.length >= MAX_INCLUDES)
      throw new Error(`more than ${MAX_INCLUDES} included files`);
    const file = await realpath(resolve(folder, name)).catch((error) => {
      throw new Error(`${chain.at(-1)}: the included file "${name}" can not be read: ${errorMessage(error)}`);
    });
    if (!this.#roots.some((root) => isInside(root, file))) {
      throw new Error(
        `${chain.at(-1)}: the included file "${name}" lies outside the folder of the configuration`,
      );
    }
    if (chain.includes(file)) throw new Error(`${chain.at(-1)}: "${name}" includes itself`);
    return file;
  }

  async #read(file: string, path: readonly string[], chain: readonly string[]): Promise<unknown> {
    const text = await readBounded(file);
    this.#source.includes.push({ path: file, text });
    return this.follow(parseConfigText(text, file), dirname(file), path, [...chain, file]);
  }
}

async function readBounded(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > MAX_CONFIG_BYTES) {
    throw new SluiceError("CONFIG_INVALID", `${path} is larger than ${MAX_CONFIG_BYTES} bytes`);
  }
  return readFile(path, "utf8");
}

async function realRoots(path: string, includeRoots: readonly string[]): Promise<string[]> {
  const roots = await Promise.all(
    [dirname(path), ...includeRoots].map((folder) => realpath(folder).catch(() => undefined)),
  );
  return roots.filter((root) => root !== undefined);
}

/** Objects key by key, the right one winning; anything else is replaced. */
function deepMerge(left: unknown, right: unknown): unknown {
  if (!isRecord(left) || !isRecord(right)) return right;
  const merged: ConfigRecord = { ...left };
  for (const [key, value] of Object.entries(right)) {
    merged[key] = Object.hasOwn(left, key) ? deepMerge(left[key], value) : value;
  }
  return merged;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
