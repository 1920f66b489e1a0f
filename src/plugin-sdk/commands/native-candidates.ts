import type {
  PluginCommand,
  PluginCommandContext,
  PluginCommandResult,
} from "../../contracts/registrations.ts";
import { runCommand } from "../../plugins/commands.ts";
import { requireServices } from "../ambient/host.ts";
import { createSubsystemLogger } from "../logging/runtime-env.ts";

/**
 * Where channels put what `prepareDispatch` gave into the options of a reply. The message's text says the same,
 * and is what this gateway goes by.
 */
export const PLUGIN_COMMAND_DISPATCH: symbol = Symbol.for("sluice.plugin-sdk.plugin-command-dispatch");

/** A command of a plugin, ready to run. */
export interface PluginCommandDispatch {
  readonly kind: "plugin";
  /** Runs it with the checks every command gets; what went wrong is in the log, the sender gets an apology. */
  execute(context: Omit<PluginCommandContext, "args">): Promise<PluginCommandResult>;
}

export type PluginCommandCatalogDecision = PluginCommandDispatch | { readonly kind: "non-plugin" };

/** A command of a plugin as a platform's menu shows it. */
export interface PluginCommandNativeCandidate {
  readonly name: string;
  readonly description: string;
  readonly descriptionLocalizations?: Readonly<Record<string, string>>;
  readonly acceptsArgs: boolean;
  readonly requireAuth: boolean;
  readonly progressMessage?: string;
  /** `non-plugin` for arguments that the command does not take. */
  prepareDispatch(rawArgs?: string): PluginCommandCatalogDecision;
}

export interface PluginCommandRuntime {
  /** The commands of plugins that a channel offers, under the names they have there. */
  listNativeCandidates(channel: string): readonly PluginCommandNativeCandidate[];
  /** Nothing to do here: a plugin that comes or goes restarts the accounts that it concerns. */
  retainNativeCatalog(channel: string): void;
}

/** @throws SluiceError when no gateway runs */
export function createPluginCommandRuntime(): PluginCommandRuntime {
  const services = requireServices("createPluginCommandRuntime");
  return {
    listNativeCandidates: (channel) => {
      const provider = channel.trim().toLowerCase();
      return services.commands(provider).map((command) => candidate(command, provider));
    },
    retainNativeCatalog: () => {},
  };
}

function candidate(command: PluginCommand, channel: string): PluginCommandNativeCandidate {
  const { nativeNames, nativeProgressMessages, descriptionLocalizations } = command;
  const acceptsArgs = command.acceptsArgs === true;
  const progressMessage = nativeProgressMessages?.[channel] ?? nativeProgressMessages?.["default"];
  return {
    name: nativeNames?.[channel] ?? nativeNames?.["default"] ?? command.name,
    description: command.description,
    ...(descriptionLocalizations ? { descriptionLocalizations } : {}),
    acceptsArgs,
    requireAuth: command.requireAuth !== false,
    ...(progressMessage === undefined ? {} : { progressMessage }),
    prepareDispatch: (rawArgs) => {
      const args = rawArgs?.trim() ?? "";
      if (args !== "" && !acceptsArgs) return { kind: "non-plugin" };
      return { kind: "plugin", execute: (context) => execute(command, args, context) };
    },
  };
}

function execute(
  command: PluginCommand,
  args: string,
  context: Omit<PluginCommandContext, "args">,
): Promise<PluginCommandResult> {
  // Which plugin it is of is not told to channels; its name says enough in the log.
  const entry = { pluginId: "unknown", value: command };
  return runCommand({ entry, args }, context, createSubsystemLogger("plugin-commands"));
}
