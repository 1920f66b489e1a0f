import type { PluginOrigin } from "../types.ts";

/** Where a package comes from (spec 2.15). Paths are absolute. */
export type PackageSource =
  | { readonly kind: "npm"; readonly spec: string }
  | { readonly kind: "archive"; readonly path: string }
  | { readonly kind: "folder"; readonly path: string; readonly link: boolean };

/** The word of the contract for a source, as install records show it. */
export type RecordedSource = "npm" | "archive" | "path";

export type InstallErrorCode =
  | "SPEC_INVALID"
  | "SOURCE_UNSUPPORTED"
  | "PACKAGE_UNAVAILABLE"
  | "SEARCH_BUSY"
  | "PACKAGE_UNSAFE"
  | "PACKAGE_TOO_LARGE"
  | "NOT_A_PLUGIN"
  | "INTEGRITY_MISMATCH"
  | "ID_TAKEN"
  | "CONSENT_REQUIRED"
  | "POLICY_BLOCKED"
  | "POLICY_WARNING"
  | "HOOK_BLOCKED"
  | "PLUGIN_UNKNOWN"
  | "NOT_REMOVABLE"
  | "BOOK_BROKEN"
  | "UPDATE_FAILED";

/** One installed package: what was asked for, what came, where it lies. */
export interface InstallRecord {
  /** Id of the package's manifest. */
  readonly pluginId: string;
  /** Every plugin of the package; one, unless it has several entries. */
  readonly pluginIds: readonly string[];
  readonly source: RecordedSource;
  /** As the operator wrote it. */
  readonly spec: string;
  /** The exact version or content that was taken, for `npm` as `name@version`. */
  readonly resolvedSpec?: string;
  /** The plugin's folder: relative to `<stateDir>/plugins`, or absolute for a linked one. */
  readonly folder: string;
  readonly linked: boolean;
  /** The folder or file it was copied from. Absolute. */
  readonly sourcePath?: string;
  readonly packageName?: string;
  readonly version?: string;
  /** `sha512-…` of the tarball, or of the copied files. */
  readonly integrity: string;
  /** Digest of what the operator agreed to. */
  readonly consent: string;
  readonly installedAt: number;
  readonly updatedAt?: number;
  /**
   * `enabling`: the files are in place, the configuration may not say so yet. `removing`: the plugin is gone
   * for discovery, its settings and files may still be there. The next start finishes both.
   */
  readonly state: "enabling" | "installed" | "removing";
  /** Only while `removing`: what happens to its settings. */
  readonly removal?: Removal;
}

export interface Removal {
  /** Keep `plugins.entries.<id>.config`. */
  readonly keepConfig: boolean;
  /** Remove the settings of its channels too. */
  readonly purgeChannels: boolean;
  readonly channels: readonly string[];
}

/** An operation that has begun; its row is durable before anything else happens. */
export interface Operation {
  readonly id: string;
  readonly kind: "install" | "update" | "uninstall";
  readonly spec: string;
  readonly startedAt: number;
}

/** What an operator agrees to before a package is enabled. */
export interface InstallReview {
  readonly pluginId: string;
  readonly pluginIds: readonly string[];
  readonly name: string;
  readonly version?: string;
  readonly packageName?: string;
  readonly description?: string;
  readonly source: RecordedSource;
  readonly resolvedSpec: string;
  readonly integrity: string;
  /** What the manifest says the plugin owns, contributes and may do. */
  readonly claims: readonly Claim[];
  readonly warnings: readonly string[];
  /** Names exactly this package and these claims. */
  readonly reviewToken: string;
  readonly mode: "install" | "update";
  /** Claims that the installed version did not make. Everything for a first install. */
  readonly added: readonly Claim[];
}

export interface Claim {
  /** What kind of thing, for people: `channel`, `tool`, `secret`, `runs a program`… */
  readonly kind: string;
  readonly name: string;
}

/** What every operation answers. */
export interface PluginChange {
  readonly pluginId: string;
  readonly pluginIds: readonly string[];
  /** False when everything was so already. */
  readonly changed: boolean;
  readonly message: string;
  readonly warnings: readonly string[];
  readonly record?: InstallRecord;
  /** Configuration paths that were written. */
  readonly configPaths: readonly string[];
}

/** What the installer must know of a plugin that is there already. */
export interface PresentPlugin {
  readonly id: string;
  readonly origin: PluginOrigin;
  readonly rootDir: string;
  readonly kinds: readonly string[];
  readonly channels: readonly string[];
  readonly enabled: boolean;
  readonly explicitlyEnabled: boolean;
}
