import { CONTRACT_BRANDS } from "../../plugins/brands.ts";
import type { RunCommandOptions } from "./run-command.ts";

/** The command of this gateway, for programs that start it. */
export interface HostCommand {
  /** What to run, before the arguments. */
  readonly argv: readonly string[];
  /** What makes it talk to this gateway and no other. */
  readonly env: Readonly<Record<string, string>>;
}

const NAMES: ReadonlySet<string> = new Set(CONTRACT_BRANDS);

/**
 * Plugins start the command of their host by the name it has in the ecosystem (`openclaw gateway call …`). Here that
 * is this gateway's own, whatever else of that name is installed: it is this gateway they live in.
 */
export function asHostCommand(
  argv: readonly string[],
  options: RunCommandOptions,
  host: HostCommand | undefined,
): { argv: readonly string[]; options: RunCommandOptions } {
  const [program = "", ...args] = argv;
  if (!host || !NAMES.has(program)) return { argv, options };
  return { argv: [...host.argv, ...args], options: { ...options, env: { ...host.env, ...options.env } } };
}
