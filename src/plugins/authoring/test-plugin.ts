import { resolve } from "node:path";
import { errorMessage } from "../../kernel/errors.ts";
import { readPluginFolder } from "../discovery/read-folder.ts";
import { type BenchOptions, ContractBench } from "./bench.ts";
import { type CheckFindings, type CheckResult, type ContractCheck, resultOf } from "./check.ts";
import { COLD_CHECKS } from "./checks-cold.ts";
import { LOADED_CHECKS } from "./checks-loaded.ts";
import { authoringError } from "./create.ts";
import { runOwnTests } from "./own-tests.ts";

/** What `sluice plugins test` found. */
export interface ContractReport {
  readonly ok: boolean;
  readonly folder: string;
  readonly pluginIds: readonly string[];
  readonly version?: string;
  /** What the first plugin is, from what it registered. */
  readonly shape?: string;
  readonly contributions: Readonly<Record<string, readonly string[]>>;
  readonly checks: readonly CheckResult[];
}

/** Follows a run while it lasts. */
export interface ContractObserver {
  found(plugin: Pick<ContractReport, "folder" | "pluginIds" | "version">): void;
  started(check: Pick<CheckResult, "name" | "statement">): Promise<void> | void;
  done(result: CheckResult): void;
}

const OWN_TESTS: ContractCheck = {
  name: "own tests",
  statement: "the author's tests pass",
  run: ({ options }) => runOwnTests(options),
};

const CHECKS: readonly ContractCheck[] = [...COLD_CHECKS, ...LOADED_CHECKS, OWN_TESTS];

/** What is left of a run that ended with the check called `at`. */
export function skippedAfter(at: string, why: string): readonly CheckResult[] {
  const index = CHECKS.findIndex(({ name }) => name === at);
  return CHECKS.slice(index + 1).map((check) => resultOf(check, { skipped: why }));
}

/**
 * Tries the contract (spec 7) on a plugin folder: offline, in hosts of its own with temporary state. It runs
 * the plugin's code in this process; {@link testPluginApart} runs it in another.
 *
 * @throws SluiceError `FOLDER_UNKNOWN` when the folder holds no plugin
 */
export async function testPlugin(
  options: BenchOptions,
  observer?: ContractObserver,
): Promise<ContractReport> {
  const folder = resolve(options.folder);
  const candidates = await readPluginFolder(folder, { origin: "config" });
  if (candidates.length === 0) {
    throw authoringError("FOLDER_UNKNOWN", `${folder} holds no plugin; sluice plugins create makes one`);
  }
  const bench = new ContractBench({ ...options, folder }, candidates);
  const version = candidates[0]?.packageMetadata?.packageVersion ?? candidates[0]?.manifest?.version;
  const plugin = { folder, pluginIds: bench.ids, ...(version ? { version } : {}) };
  observer?.found(plugin);
  const checks: CheckResult[] = [];
  let loads = true;
  for (const check of CHECKS) {
    await observer?.started({ name: check.name, statement: check.statement });
    const result = resultOf(
      check,
      check.needsLoading && !loads ? { skipped: "it does not load" } : await attempt(check, bench),
    );
    checks.push(result);
    observer?.done(result);
    if (["manifest", "register"].includes(check.name) && result.outcome === "failed") loads = false;
  }
  const seen = loads ? await look(bench) : undefined;
  return {
    ...plugin,
    ok: checks.every(({ outcome }) => outcome !== "failed"),
    ...(seen?.shape ? { shape: seen.shape } : {}),
    contributions: seen?.contributions ?? {},
    checks,
  };
}

async function attempt(check: ContractCheck, bench: ContractBench): Promise<CheckFindings> {
  try {
    return await check.run(bench);
  } catch (error) {
    return { failures: [errorMessage(error)] };
  }
}

async function look(bench: ContractBench) {
  const { host } = await bench.running();
  try {
    return await host.inspect(bench.ids[0] ?? "");
  } finally {
    await host.dispose();
  }
}
