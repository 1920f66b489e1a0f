import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { type ProcessResult, runProcess } from "./child-process.ts";
import { npmFailure, searchFailure } from "./npm-failure.ts";
import type { InstallErrorCode } from "./types.ts";

/** Longest one npm command may take. */
export const NPM_TIMEOUT_MS = 300_000;
/** Longest a search of the registry may take. */
export const SEARCH_TIMEOUT_MS = 30_000;
/** No packages of the author's, and none of the host's: those it provides itself. */
const PRODUCTION_ONLY = ["--omit=dev", "--omit=peer", "--legacy-peer-deps"];
const MAX_NPM_OUTPUT_BYTES = 16_000_000;

/** A tarball npm fetched. */
export interface PackedPackage {
  readonly name: string;
  readonly version: string;
  /** File name inside the destination folder. */
  readonly filename: string;
  readonly integrity?: string;
  /** What it holds, before any of it is unpacked. */
  readonly unpackedSize?: number;
  readonly entryCount?: number;
}

/** A package as a search of the registry shows it. */
export interface FoundPackage {
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  readonly keywords: readonly string[];
}

/** Longest description taken from a registry. */
const MAX_DESCRIPTION = 1_024;

/**
 * The ordinary npm client, run as a program. Install scripts never run, peers are never fetched, so the host
 * is never installed below itself. It uses the operator's own npm settings (registry, proxy, cache).
 */
export class NpmClient {
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #clock: Clock;

  constructor(options: { env: Readonly<Record<string, string | undefined>>; clock: Clock }) {
    this.#env = options.env;
    this.#clock = options.clock;
  }

  /** Fetches the tarball of a spec, or copies one, into `destination`. @throws `PACKAGE_UNAVAILABLE` */
  async pack(spec: string, destination: string, label = spec): Promise<PackedPackage> {
    const result = await this.#run(destination, [
      "pack",
      "--json",
      "--pack-destination",
      destination,
      "--",
      spec,
    ]);
    const packed = firstPacked(result.stdout);
    if (result.status !== 0 || !packed) throw npmFailure(label, result, NPM_TIMEOUT_MS);
    return packed;
  }

  /** Unpacks what `folder/package-lock.json` names, from files alone. @throws `PACKAGE_UNAVAILABLE` */
  async unpack(folder: string, label: string): Promise<void> {
    const result = await this.#run(folder, ["ci", "--offline", ...PRODUCTION_ONLY]);
    if (result.status !== 0) throw npmFailure(label, result, NPM_TIMEOUT_MS);
  }

  /**
   * Installs what `folder/package.json` depends on. With `registry`, an npm that can (11.10 and later) refuses
   * repositories and addresses before it asks them. @throws `PACKAGE_UNAVAILABLE`
   */
  async install(folder: string, label: string, from: "registry" | "anywhere"): Promise<void> {
    const result = await this.#run(folder, [
      "install",
      ...PRODUCTION_ONLY,
      "--package-lock=true",
      ...(from === "registry" ? ["--allow-git=none", "--allow-remote=none"] : []),
    ]);
    if (result.status !== 0) throw npmFailure(label, result, NPM_TIMEOUT_MS);
  }

  /** Packages that fit all words, in the registry's order. @throws `PACKAGE_UNAVAILABLE` */
  async search(words: readonly string[], limit: number, cwd: string): Promise<readonly FoundPackage[]> {
    const args = ["search", "--json", `--searchlimit=${limit}`, "--", ...words];
    const result = await this.#run(cwd, args, SEARCH_TIMEOUT_MS);
    const found = result.status === 0 ? foundPackages(result.stdout) : undefined;
    if (!found) throw searchFailure(words.join(" "), result, SEARCH_TIMEOUT_MS);
    return found;
  }

  async #run(
    cwd: string,
    args: readonly string[],
    timeoutMs: number = NPM_TIMEOUT_MS,
  ): Promise<ProcessResult> {
    const { command, before } = npmProgram();
    const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--no-progress"];
    try {
      return await runProcess({
        command,
        args: [...before, args[0] as string, ...quiet, ...args.slice(1)],
        cwd,
        env: npmEnvironment(this.#env),
        timeoutMs,
        maxOutputBytes: MAX_NPM_OUTPUT_BYTES,
        clock: this.#clock,
      });
    } catch (error) {
      throw new SluiceError<InstallErrorCode>(
        "PACKAGE_UNAVAILABLE",
        `npm could not be started (${errorMessage(error)}); install npm and make sure it is on the PATH`,
        { cause: error },
      );
    }
  }
}

/** The npm that came with this Node, else the one on the PATH. */
function npmProgram(): { command: string; before: string[] } {
  const folder = dirname(process.execPath);
  for (const script of [
    join(folder, "../lib/node_modules/npm/bin/npm-cli.js"),
    join(folder, "node_modules/npm/bin/npm-cli.js"),
  ]) {
    if (existsSync(script)) return { command: process.execPath, before: [script] };
  }
  return { command: "npm", before: [] };
}

/** Settings of an npm that started this process would point the new one at the wrong project. */
const FOREIGN =
  /^(npm_(package|lifecycle|command|execpath|node_execpath)|npm_config_(local_prefix|prefix|workspace|global|dry_run|omit|include)|INIT_CWD$|NODE_OPTIONS$)/i;
/** npm has no use for the gateway's secrets. */
const PRIVATE = /^(SLUICE|OPENCLAW)_/;

export function npmEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !FOREIGN.test(name) && !PRIVATE.test(name)) kept[name] = value;
  }
  return { ...kept, npm_config_ignore_scripts: "true", npm_config_update_notifier: "false" };
}

function firstPacked(text: string): PackedPackage | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    // One npm line answers a list, another an object by name.
    const list = Array.isArray(value) ? value : Object.values(value as object);
    const found = list[0] as Partial<PackedPackage> | undefined;
    if (typeof found?.name !== "string" || typeof found.version !== "string") return undefined;
    return found as PackedPackage;
  } catch {
    return undefined;
  }
}

function foundPackages(text: string): FoundPackage[] | undefined {
  try {
    const list = JSON.parse(text) as unknown;
    return Array.isArray(list) ? list.flatMap(foundPackage) : undefined;
  } catch {
    return undefined;
  }
}

function foundPackage(value: unknown): FoundPackage[] {
  const { name, version, description, keywords } = (value ?? {}) as Record<string, unknown>;
  if (typeof name !== "string" || name === "") return [];
  return [
    {
      name,
      ...(typeof version === "string" ? { version } : {}),
      ...(typeof description === "string" ? { description: description.slice(0, MAX_DESCRIPTION) } : {}),
      keywords: Array.isArray(keywords) ? keywords.filter((word) => typeof word === "string") : [],
    },
  ];
}
