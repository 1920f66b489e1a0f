import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { planActivation } from "../activation/planner.ts";
import { configSchemasOf } from "../config/config-schemas.ts";
import { resolvePluginConfig } from "../config/plugin-config.ts";
import { HOST_PACKAGES } from "../install/host-packages.ts";
import type { CheckFindings, ContractCheck } from "./check.ts";

/** What must hold before any code of the plugin runs. */
export const COLD_CHECKS: readonly ContractCheck[] = [
  {
    name: "manifest",
    statement: "the manifest is valid and every file passes the safety gates",
    run: async ({ candidates }) => {
      const all = candidates.flatMap(({ diagnostics }) => diagnostics);
      const blocked = candidates.filter((candidate) => candidate.blocked);
      return {
        failures: [
          ...all.filter(({ level }) => level === "error").map(({ message }) => message),
          ...blocked.map(({ id, blocked: gate }) => `"${id}" is blocked: ${gate}`),
        ],
        warnings: all.filter(({ level }) => level === "warn").map(({ message }) => message),
      };
    },
  },
  {
    name: "package",
    statement: "package.json can be installed by npm without scripts, workspaces or a host of its own",
    run: ({ options }) => checkPackage(options.folder),
  },
  {
    name: "cold path",
    statement: "listing, validating settings and planning run none of its code",
    run: async (bench) => {
      const before = bench.imports;
      const snapshot = await bench.snapshot();
      configSchemasOf(snapshot);
      for (const capability of ["provider", "channel", "tool", "hook"] as const)
        planActivation(snapshot.plugins, { kind: "capability", capability });
      return { failures: bench.imports > before ? ["an entry was imported"] : [] };
    },
  },
  {
    name: "settings",
    statement: "the config schema can be used and the settings of this run fit it",
    run: async ({ candidates, options }) => {
      const failures: string[] = [];
      const warnings: string[] = [];
      for (const { manifest } of candidates) {
        if (!manifest) continue;
        const given = await resolvePluginConfig(manifest.configSchema, options.pluginConfig ?? {});
        if (options.pluginConfig) failures.push(...given.problems);
        else if (given.problems.some((problem) => problem.includes("schema cannot be used")))
          failures.push(...given.problems);
        else if (given.problems.length > 0)
          warnings.push(`it needs settings (${given.problems.join("; ")}); give some with --config`);
      }
      return { failures, warnings };
    },
  },
];

interface PackageFile {
  name?: unknown;
  version?: unknown;
  scripts?: Record<string, unknown>;
  dependencies?: Record<string, unknown>;
  peerDependencies?: Record<string, unknown>;
  files?: unknown;
}

const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall"];

async function checkPackage(folder: string): Promise<CheckFindings> {
  let file: PackageFile;
  try {
    file = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as PackageFile;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { skipped: "it has no package.json" };
    return { failures: [`package.json cannot be read: ${(error as Error).message}`] };
  }
  const failures: string[] = [];
  const warnings: string[] = [];
  for (const field of ["name", "version"] as const) {
    if (typeof file[field] !== "string") warnings.push(`package.json has no "${field}"; npm pack needs it`);
  }
  for (const script of INSTALL_SCRIPTS) {
    if (file.scripts?.[script] !== undefined)
      warnings.push(`the script "${script}" never runs when the plugin is installed`);
  }
  for (const [name, range] of Object.entries(file.dependencies ?? {})) {
    if (HOST_PACKAGES.includes(name))
      failures.push(`"${name}" is a dependency; the host provides it, name it in peerDependencies`);
    if (String(range).startsWith("workspace:"))
      failures.push(`the dependency "${name}" is "${String(range)}", which npm cannot install`);
  }
  if (
    Array.isArray(file.files) &&
    !file.files.some((name) => name === "openclaw.plugin.json" || name === "*" || name === ".")
  ) {
    warnings.push('"files" leaves out openclaw.plugin.json; the packed plugin would have no manifest');
  }
  return { failures, warnings };
}
