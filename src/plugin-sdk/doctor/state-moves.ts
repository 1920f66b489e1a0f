import { copyFile, lstat, mkdir, rename, rm, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { formatErrorMessage } from "../errors/errors.ts";

/** Files of older versions: what was in them is taken over, the file is set aside. */

interface Report {
  changes: string[];
  warnings: string[];
}

export async function legacyStateFileExists(filePath: string): Promise<boolean> {
  return (await lstat(filePath).catch(() => undefined))?.isFile() === true;
}

const ENDING = ".migrated";
/** More copies than this of one file are not kept apart. */
const MAX_ARCHIVES = 100;

/** Renames a file whose content was taken over; a failure is a warning, as nothing is lost. */
export async function archiveLegacyStateSource(
  params: Report & { filePath: string; label: string },
): Promise<void> {
  const { filePath, label } = params;
  try {
    for (let index = 0; index < MAX_ARCHIVES; index++) {
      const archive = index === 0 ? filePath + ENDING : `${filePath}${ENDING}.${index}`;
      if (await lstat(archive).catch(() => undefined)) continue;
      await rename(filePath, archive);
      params.changes.push(`Archived the old file of ${label}: ${archive}`);
      return;
    }
    params.warnings.push(
      `The old file of ${label} was left in place, there are ${MAX_ARCHIVES} archives: ${filePath}`,
    );
  } catch (error) {
    params.warnings.push(`The old file of ${label} could not be archived: ${formatErrorMessage(error)}`);
  }
}

interface ImportStore {
  lookup(key: string): Promise<unknown>;
  registerIfAbsent(key: string, value: unknown): Promise<boolean>;
}

interface MigrationParams {
  stateDir: string;
  oauthDir: string;
  config?: unknown;
  env?: Readonly<Record<string, string | undefined>>;
  context: {
    openPluginStateKeyedStore(options: {
      namespace: string;
      maxEntries: number;
      overflowPolicy?: string;
    }): ImportStore;
  };
  [extra: string]: unknown;
}

interface PlanBase {
  label: string;
  sourcePath: string;
  /** For the preview: a path, or where the entries go. */
  targetPath: string;
}

export type MigrationPlan =
  | (PlanBase & { kind: "move" | "copy" })
  | (PlanBase & {
      kind: "plugin-state-import";
      namespace: string;
      maxEntries: number;
      /** What happens to the file afterwards. */
      cleanupSource?: "rename" | "remove";
      /** Also without an entry in it. Default false. */
      cleanupWhenEmpty?: boolean;
      readEntries(): Promise<LegacyEntry[]> | LegacyEntry[];
      [extra: string]: unknown;
    });

interface LegacyEntry {
  key: string;
  value: unknown;
}

/** A migration whose steps are found by looking at the files; each step can be repeated. */
export function definePluginDoctorMigrationFromPlans(definition: {
  id: string;
  label: string;
  resolvePlans(params: MigrationParams): Promise<MigrationPlan[]> | MigrationPlan[];
}) {
  return {
    id: definition.id,
    label: definition.label,
    async detectLegacyState(params: MigrationParams): Promise<{ preview: string[] } | null> {
      const plans = await definition.resolvePlans(params);
      if (plans.length === 0) return null;
      return { preview: plans.map((plan) => `${plan.label}: ${plan.sourcePath} → ${plan.targetPath}`) };
    },
    async migrateLegacyState(params: MigrationParams): Promise<Report> {
      const report: Report = { changes: [], warnings: [] };
      for (const plan of await definition.resolvePlans(params)) {
        try {
          if (plan.kind === "plugin-state-import") await importEntries(plan, params, report);
          else await moveFile(plan, report);
        } catch (error) {
          report.warnings.push(`${plan.label} was left in place: ${formatErrorMessage(error)}`);
        }
      }
      return report;
    },
  };
}

async function moveFile(plan: MigrationPlan, report: Report): Promise<void> {
  if (await lstat(plan.targetPath).catch(() => undefined)) {
    report.warnings.push(`${plan.label} was left in place: ${plan.targetPath} exists`);
    return;
  }
  await mkdir(dirname(plan.targetPath), { recursive: true, mode: 0o700 });
  if (plan.kind === "copy") await copyFile(plan.sourcePath, plan.targetPath);
  else await rename(plan.sourcePath, plan.targetPath);
  report.changes.push(`${plan.kind === "copy" ? "Copied" : "Moved"} ${plan.label} to ${plan.targetPath}`);
}

/** Entries that are there already win; the file goes only when every entry is in the store. */
async function importEntries(
  plan: Extract<MigrationPlan, { kind: "plugin-state-import" }>,
  params: MigrationParams,
  report: Report,
): Promise<void> {
  const entries = await plan.readEntries();
  if (entries.length > plan.maxEntries) {
    report.warnings.push(
      `${plan.label} was left in place: ${entries.length} entries, at most ${plan.maxEntries} are kept`,
    );
    return;
  }
  const store = params.context.openPluginStateKeyedStore({
    namespace: plan.namespace,
    maxEntries: plan.maxEntries,
    overflowPolicy: "reject-new",
  });
  let imported = 0;
  for (const { key, value } of entries) if (await store.registerIfAbsent(key, value)) imported += 1;
  for (const { key } of entries) {
    if ((await store.lookup(key)) === undefined)
      throw new Error(`the entry "${key}" did not arrive in the store`);
  }
  if (imported > 0) report.changes.push(`Imported ${imported} entries of ${plan.label}`);
  if (entries.length === 0 && !plan.cleanupWhenEmpty) return;
  if (plan.cleanupSource === "remove") {
    await rm(plan.sourcePath, { force: true });
    await rmdir(dirname(plan.sourcePath)).catch(() => {});
    report.changes.push(`Removed the old file of ${plan.label}`);
  } else if (plan.cleanupSource === "rename") {
    await archiveLegacyStateSource({ ...report, filePath: plan.sourcePath, label: plan.label });
  }
}
