import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { errorMessage } from "../../kernel/errors.ts";
import { readPluginFolder } from "../discovery/read-folder.ts";
import { isPlain } from "../manifest/fields.ts";
import { type BenchOptions, ContractBench } from "./bench.ts";
import { type CheckResult, type ContractCheck, resultOf } from "./check.ts";
import { COLD_CHECKS } from "./checks-cold.ts";
import { authoringError } from "./create.ts";
import { manifestOf, packageOf, readToolPlugin } from "./tool-manifest.ts";

export interface ValidationReport {
  readonly ok: boolean;
  readonly folder: string;
  readonly pluginIds: readonly string[];
  readonly checks: readonly CheckResult[];
}

const DESCRIPTION: ContractCheck = {
  name: "description",
  statement: "the entry loads; a tool plugin's manifest and package say what its code says",
  run: async ({ options, candidates }) => {
    const entry = candidates[0]?.entry?.slice(candidates[0].realRoot.length + 1);
    const found = await readToolPlugin({
      folder: candidates[0]?.realRoot ?? options.folder,
      sdkFolder: options.sdkFolder,
      ...(entry === undefined ? {} : { entry }),
      ...(options.importModule ? { importModule: options.importModule } : {}),
    });
    const manifest = manifestOf(found);
    if (!manifest) return {};
    const differing = Object.keys(manifest).filter(
      (key) => !isDeepStrictEqual(found.manifest?.[key], manifest[key]),
    );
    const block = (file: typeof found.package) => {
      const value = file?.["openclaw"];
      return isPlain(value) ? value["extensions"] : undefined;
    };
    const aligned = packageOf(found);
    const failures = [];
    if (differing.length > 0) {
      const names = differing.map((key) => `"${key}"`).join(", ");
      failures.push(`${names} of the manifest differ from the code; run: sluice plugins build`);
    }
    if (aligned && !isDeepStrictEqual(block(found.package), block(aligned))) {
      failures.push(`"openclaw.extensions" does not name ${found.entry}; run: sluice plugins build`);
    }
    return { failures };
  },
};

/**
 * Checks what a plugin says of itself: manifest, package, settings, and for tool plugins that all of it is what
 * the code says. Imports the entry, registers nothing; `testPlugin` tries the whole contract.
 *
 * @throws SluiceError `FOLDER_UNKNOWN` when the folder holds no plugin
 */
export async function validatePlugin(options: BenchOptions): Promise<ValidationReport> {
  const folder = resolve(options.folder);
  const candidates = await readPluginFolder(folder, { origin: "config" });
  if (candidates.length === 0) {
    throw authoringError("FOLDER_UNKNOWN", `${folder} holds no plugin; sluice plugins init makes one`);
  }
  const bench = new ContractBench({ ...options, folder }, candidates);
  const checks: CheckResult[] = [];
  for (const check of [...COLD_CHECKS, DESCRIPTION]) {
    const findings = await check.run(bench).catch((error: unknown) => ({ failures: [errorMessage(error)] }));
    checks.push(resultOf(check, findings));
  }
  return {
    ok: checks.every(({ outcome }) => outcome !== "failed"),
    folder,
    pluginIds: bench.ids,
    checks,
  };
}
