import type { PluginLogger } from "./logger.ts";

/** A command as help shows it before any code of the plugin runs. */
export interface CliCommandDescriptor {
  name: string;
  description: string;
  hasSubcommands: boolean;
  machineOutput?(context: { argv: readonly string[]; stdoutIsTTY: boolean }): boolean;
}

/** `program` is a commander `Command`: the root, or the resolved parent when `parentPath` is set. */
export interface CliRegistrarContext {
  // biome-ignore lint/suspicious/noExplicitAny: the contract hands plugins a commander Command, whose type the SDK does not own.
  program: any;
  parentPath: readonly string[];
  config: Readonly<Record<string, unknown>>;
  workspaceDir?: string;
  logger: PluginLogger;
}

/** Adds the plugin's commands to `program`. */
export type CliRegistrar = (context: CliRegistrarContext) => void | Promise<void>;

/** Where the commands of a registrar stand, and which they are. */
export interface CliOptions {
  parentPath?: string[];
  commands?: string[];
  descriptors?: CliCommandDescriptor[];
}

/** A row of kind `cli`: one registrar and the commands it owns below `parentPath`. */
export interface CliRegistration {
  readonly registrar: CliRegistrar;
  readonly parentPath: readonly string[];
  readonly commands: readonly string[];
  readonly descriptors: readonly CliCommandDescriptor[];
  /** True when the descriptors cover every command, so that the registrar can wait for its first use. */
  readonly lazy: boolean;
}
