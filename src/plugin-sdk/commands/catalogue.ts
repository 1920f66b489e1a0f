import type { ChatCommandDefinition, NativeCommandSpec } from "./definitions.ts";

/** The commands that this host itself answers in a conversation; plugins add their own. */
const COMMANDS: readonly ChatCommandDefinition[] = [
  {
    key: "stop",
    nativeName: "stop",
    description: "Stop the running answer.",
    textAliases: ["/stop", "/abort"],
    acceptsArgs: false,
    scope: "both",
    category: "session",
  },
  {
    key: "approve",
    nativeName: "approve",
    description: "Decide a request that waits for approval.",
    textAliases: ["/approve"],
    acceptsArgs: true,
    args: [
      { name: "id", description: "The request's id", type: "string", required: true },
      {
        name: "decision",
        description: "What to answer",
        type: "string",
        required: true,
        choices: ["allow-once", "allow-always", "deny"],
      },
    ],
    argsParsing: "positional",
    scope: "both",
    category: "management",
  },
];

export function listChatCommands(): ChatCommandDefinition[] {
  return COMMANDS.map((command) => ({ ...command, textAliases: [...command.textAliases] }));
}

interface SkillCommand {
  name: string;
  description: string;
}

interface ListOptions {
  skillCommands?: readonly SkillCommand[];
  provider?: string;
}

/** What a platform's command menu gets: the host's commands, then those of skills. */
export function listNativeCommandSpecs({ skillCommands = [] }: ListOptions = {}): NativeCommandSpec[] {
  const own = COMMANDS.filter(({ scope, nativeName }) => scope !== "text" && nativeName !== undefined);
  return mergeNativeCommandSpecs({
    primary: own.map((command) => ({
      name: command.nativeName as string,
      description: command.description,
      acceptsArgs: command.acceptsArgs === true,
      ...(command.args ? { args: command.args } : {}),
    })),
    secondary: skillCommands.map(({ name, description }) => ({ name, description, acceptsArgs: true })),
  });
}

export function listNativeCommandSpecsForConfig(
  _cfg: Readonly<Record<string, unknown>>,
  options: ListOptions = {},
): NativeCommandSpec[] {
  return listNativeCommandSpecs(options);
}

export function findCommandByNativeName(
  name: string,
  _provider?: string,
  _options: { includeBundledChannelFallback?: boolean } = {},
): ChatCommandDefinition | undefined {
  const wanted = name.trim().toLowerCase();
  return listChatCommands().find(({ scope, nativeName }) => scope !== "text" && nativeName === wanted);
}

/** Both lists, the first one's names winning; the losers are reported. */
export function mergeNativeCommandSpecs<
  Primary extends { name: string },
  Secondary extends { name: string },
>(params: {
  primary: readonly Primary[];
  secondary: readonly Secondary[];
  onCollision?(normalizedName: string): void;
}): (Primary | Secondary)[] {
  const normalized = (spec: { name: string }) => spec.name.trim().toLowerCase();
  const taken = new Set(params.primary.map(normalized));
  const merged: (Primary | Secondary)[] = [...params.primary];
  for (const spec of params.secondary) {
    const name = normalized(spec);
    if (name === "") continue;
    if (taken.has(name)) {
      params.onCollision?.(name);
      continue;
    }
    taken.add(name);
    merged.push(spec);
  }
  return merged;
}
