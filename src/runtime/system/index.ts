import type { PluginRuntimeSystem } from "../../contracts/runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { RunningPrograms } from "../../kernel/running-programs.ts";
import type { SystemEvents } from "../agent/system-events.ts";
import type { Sessions } from "../sessions/index.ts";
import { asHostCommand, type HostCommand } from "./host-command.ts";
import { commandArguments, runCommand } from "./run-command.ts";

/** The part of `api.runtime.system` that needs no gateway. */
export function localSystem(
  clock: Clock,
  programs: RunningPrograms,
  host?: HostCommand,
): Pick<PluginRuntimeSystem, "runCommandWithTimeout" | "formatNativeDependencyHint"> {
  return {
    async runCommandWithTimeout(...given) {
      const asked = commandArguments(given);
      const { argv, options } = asHostCommand(asked.argv, asked.options, host);
      return runCommand(argv, options, clock, programs);
    },
    formatNativeDependencyHint(given) {
      const params = typeof given === "string" ? { packageName: given } : given;
      const { packageName, manager = "npm", rebuildCommand = `${manager} rebuild ${packageName}` } = params;
      return `${packageName} has native parts that are not built for this machine. Run: ${rebuildCommand}`;
    },
  };
}

/** `api.runtime.system` (spec 4.12). What a plugin runs ends with it, as one of `programs`. */
export function systemNamespace(
  rooms: { systemEvents: SystemEvents; sessions: Sessions; clock: Clock; hostCommand?: HostCommand },
  programs: RunningPrograms,
): PluginRuntimeSystem {
  return {
    enqueueSystemEvent(event, options = {}) {
      const fields = typeof event === "string" ? { text: event } : event;
      const text = fields.text ?? fields.message ?? "";
      const stated = options.sessionKey ?? fields.sessionKey;
      if (text.trim() === "") return false;
      // Without a key the default agent's main session is meant; an empty one is a mistake.
      const sessionKey = stated?.trim() === "" ? "" : rooms.sessions.key(stated ?? "main").sessionKey;
      const { contextKey } = options;
      return rooms.systemEvents.enqueue(sessionKey, text, contextKey === undefined ? {} : { contextKey });
    },
    ...localSystem(rooms.clock, programs, rooms.hostCommand),
  };
}
export type { HostCommand } from "./host-command.ts";
export {
  type BufferedCommandResult,
  commandArguments,
  type RunCommandOptions,
  runBufferedCommand,
  runCommand,
} from "./run-command.ts";
