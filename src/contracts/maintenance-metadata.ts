/** What a manifest says for doctor, backup and migration (spec 1.4, 1.6). */

/** Lets doctor repair what sessions remember of a plugin's routes. */
export interface ManifestSessionRouteOwner {
  readonly id: string;
  readonly label: string;
  readonly providerIds: readonly string[];
  readonly runtimeIds: readonly string[];
  readonly cliSessionKeys: readonly string[];
  readonly authProfilePrefixes: readonly string[];
}

export interface ManifestStateMigration {
  readonly id: string;
  /** Runs only when an operator asks doctor to repair. */
  readonly doctorOnly?: boolean;
  readonly phase?: "after-session-repair";
}

/** What the plugin's doctor module offers. */
export interface ManifestDoctorContract {
  readonly configRepair?: boolean;
  readonly resolveSessionStoreAgentIds?: boolean;
  readonly sessionRouteStateOwners?: boolean;
  readonly stateMigrations?: boolean | readonly ManifestStateMigration[];
}

/** A file or folder of the plugin that a backup takes along, or may leave out. */
export interface ManifestBackupResource {
  readonly disposition: "include" | "regenerable";
  readonly scope: "state" | "agent";
  /** Strictly relative, with `/`. */
  readonly relativePath: string;
}

export interface ManifestMaintenance {
  readonly doctorContract?: ManifestDoctorContract;
  /** Ids of its health checks; `true` when it has some and names none. */
  readonly doctorHealthChecks?: true | readonly string[];
  readonly backupResources: readonly ManifestBackupResource[];
  readonly sessionRouteStateOwners: readonly ManifestSessionRouteOwner[];
}
