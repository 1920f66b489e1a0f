import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner } from "../types.ts";
import type { InstallBook } from "./book.ts";
import type { Draft } from "./config-edit.ts";
import type { InstallStep } from "./ledger.ts";
import type { InstallReview, Operation, PackageSource, PresentPlugin } from "./types.ts";

/** What the installer asks of the configuration service. */
export interface InstallConfig {
  current(): {
    readonly config: Readonly<Record<string, unknown>>;
    readonly source: Readonly<Record<string, unknown>>;
  };
  mutate(change: (draft: Draft) => unknown, options: { reason: string }): Promise<{ changedPaths: string[] }>;
}

/** The plugins that are there, and the host that runs them. */
export interface InstallHost {
  present(): Promise<readonly PresentPlugin[]>;
  /** Makes the running host follow configuration and folders. Nothing to do where no host runs. */
  apply(): Promise<void>;
  /** Loads new code of a running plugin; throws when it fails and the old one goes on. */
  reload(pluginId: string): Promise<void>;
  /** Why plugins that should run do not, for people. */
  problems(pluginIds: readonly string[]): Promise<readonly string[]>;
}

export interface InstallerOptions {
  readonly book: InstallBook;
  readonly config: InstallConfig;
  readonly host: InstallHost;
  /** Absent where no plugin code runs; `before_install` is then not asked (spec 2.15). */
  readonly hooks?: HookRunner;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostVersion: string;
  onStep?(step: InstallStep, operation: Operation): void | Promise<void>;
}

export interface InstallRequest {
  readonly source: PackageSource;
  readonly expectedIntegrity?: string;
  readonly expectedPluginId?: string;
  readonly acknowledgePolicyWarning?: boolean;
  /** Take the id over from another package of the same id. */
  readonly force?: boolean;
  /** Leave an installed plugin switched off when it is. */
  readonly keepSwitch?: boolean;
  /**
   * Asked with everything the manifest claims, before anything but the package itself is fetched; false refuses.
   * Asked once more when what was fetched brings code from elsewhere than the registry. Not asked for claims agreed
   * to before.
   */
  consent(review: InstallReview): boolean | Promise<boolean>;
}
