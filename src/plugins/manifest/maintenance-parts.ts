import type {
  ManifestBackupResource,
  ManifestDoctorContract,
  ManifestMaintenance,
  ManifestSessionRouteOwner,
  ManifestStateMigration,
} from "../../contracts/maintenance-metadata.ts";
import { choice, defined, filled, flag, isPlain, items, type Plain, text, texts } from "./fields.ts";

/** What doctor, backup and migration know of a plugin (spec 1.4, 1.6); the fatal parts were checked before. */
export function readMaintenance(manifest: Plain): ManifestMaintenance {
  const checks = manifest["doctorHealthChecks"];
  return {
    ...defined({
      doctorContract: readDoctorContract(manifest["doctorContract"]),
      doctorHealthChecks: checks === true ? (true as const) : filled(texts(checks)),
    }),
    backupResources: (manifest["backupResources"] ?? []) as readonly ManifestBackupResource[],
    sessionRouteStateOwners: items(manifest["sessionRouteStateOwners"], readSessionRouteOwner),
  };
}

function readDoctorContract(value: unknown): ManifestDoctorContract | undefined {
  if (!isPlain(value)) return undefined;
  const migrations = value["stateMigrations"];
  return defined({
    configRepair: flag(value["configRepair"]),
    resolveSessionStoreAgentIds: flag(value["resolveSessionStoreAgentIds"]),
    sessionRouteStateOwners: flag(value["sessionRouteStateOwners"]),
    stateMigrations: Array.isArray(migrations) ? items(migrations, readMigration) : flag(migrations),
  });
}

function readMigration(item: Plain): ManifestStateMigration | undefined {
  const id = text(item["id"]);
  if (id === undefined) return undefined;
  return {
    id,
    ...defined({
      doctorOnly: flag(item["doctorOnly"]),
      phase: choice(item["phase"], ["after-session-repair"]),
    }),
  };
}

function readSessionRouteOwner(item: Plain): ManifestSessionRouteOwner | undefined {
  const id = text(item["id"]);
  const label = text(item["label"]);
  if (id === undefined || label === undefined) return undefined;
  return {
    id,
    label,
    providerIds: texts(item["providerIds"]),
    runtimeIds: texts(item["runtimeIds"]),
    cliSessionKeys: texts(item["cliSessionKeys"]),
    authProfilePrefixes: texts(item["authProfilePrefixes"]),
  };
}
