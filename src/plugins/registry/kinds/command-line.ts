import type {
  CliCommandDescriptor,
  CliOptions,
  CliRegistrar,
  CliRegistration,
} from "../../../contracts/registrations.ts";
import { isRecord } from "../../../kernel/records.ts";
import { nonEmpty } from "../checks.ts";
import { type Accepted, type KindRow, malformed, type Refused } from "../row.ts";

const COMMAND_NAME = /^[a-z0-9][a-z0-9_-]*$/i;

/** Root commands of the host itself; `test/cli/plugin-commands.test.ts` holds them to the command line. */
export const CORE_COMMANDS: ReadonlySet<string> = new Set(
  "gateway status agent sessions channels pairing deliveries plugins config doctor logs help".split(" "),
);

/** Commands of `sluice`. */
export const commandLineKinds: readonly KindRow[] = [
  {
    kind: "cli",
    method: "registerCli",
    summary: "Commands of the command line, with descriptors for lazy loading",
    spec: "3.9",
    features: ["F074", "F075", "F076", "F077"],
    scope: "global",
    again: "error",
    reserved: CORE_COMMANDS,
    alsoIn: ["cli-metadata", "setup-runtime"],
    read: ([registrar, options]) => readCli(registrar, options),
  },
  {
    kind: "nodeCliFeature",
    method: "registerNodeCliFeature",
    storedAs: "cli",
    summary: "Commands below `nodes` for features of paired nodes",
    spec: "3.9",
    features: ["F078"],
    scope: "global",
    again: "error",
    alsoIn: ["cli-metadata"],
    read: ([registrar, options]) =>
      readCli(registrar, { ...(isRecord(options) ? options : {}), parentPath: ["nodes"] }),
  },
];

function readCli(registrar: unknown, options: unknown): Accepted | Refused {
  if (typeof registrar !== "function") return malformed("CLI: expected a registrar function");
  const given: CliOptions = isRecord(options) ? options : {};
  const parentPath = Array.isArray(given.parentPath) ? given.parentPath : [];
  if (!parentPath.every((part) => typeof part === "string" && COMMAND_NAME.test(part))) {
    return malformed('CLI: "parentPath" must be a list of command names');
  }
  const descriptors: CliCommandDescriptor[] = [];
  for (const item of Array.isArray(given.descriptors) ? given.descriptors : []) {
    const name = nonEmpty(item?.name);
    if (
      !name ||
      !COMMAND_NAME.test(name) ||
      !nonEmpty(item.description) ||
      typeof item.hasSubcommands !== "boolean"
    ) {
      return malformed('CLI: a descriptor needs "name", "description" and "hasSubcommands"');
    }
    descriptors.push(item);
  }
  const explicit = Array.isArray(given.commands) ? given.commands : [];
  const bad = explicit.find((name) => !nonEmpty(name) || !COMMAND_NAME.test(name));
  if (bad !== undefined) return malformed(`CLI: "${String(bad)}" is not a command name`);
  const described = new Set(descriptors.map((descriptor) => descriptor.name.trim()));
  const commands = [...new Set([...explicit.map((name) => name.trim()), ...described])];
  if (commands.length === 0) return malformed('CLI: name the commands in "descriptors" or "commands"');
  const value: CliRegistration = {
    registrar: registrar as CliRegistrar,
    parentPath,
    commands,
    descriptors,
    lazy: commands.every((name) => described.has(name)),
  };
  return { keys: commands.map((name) => [...parentPath, name].join(" ")), value };
}
