import { currentHost } from "../ambient/host.ts";
import { listChatCommands } from "./catalogue.ts";
import type {
  ChatCommandDefinition,
  CommandArgChoice,
  CommandArgDefinition,
  CommandArgs,
  CommandArgValue,
} from "./definitions.ts";

/**
 * A typed command in its plain form: `/stop@bot now`, `/stop: now` and an alias become `/name now`. A text
 * meant for another bot, and one that is no command, stays as it is.
 */
export function normalizeCommandBody(raw: string, options: { botUsername?: string } = {}): string {
  const text = raw.trim();
  const match = /^\/([^\s:@]+)(?:@([^\s:]+))?(?::\s*|\s+|$)([\s\S]*)$/.exec(text);
  if (!match) return text;
  const [, name = "", bot, rest = ""] = match;
  if (bot && bot.toLowerCase() !== options.botUsername?.trim().toLowerCase()) return text;
  const typed = `/${name.toLowerCase()}`;
  const known = listChatCommands().find(({ textAliases }) => textAliases.includes(typed));
  const command = known?.textAliases[0] ?? (known ? typed : `/${name}`);
  return rest.trim() === "" ? command : `${command} ${rest.trim()}`;
}

/** Reads the text after a command's name. `undefined` without any. */
export function parseCommandArgs(command: ChatCommandDefinition, raw?: string): CommandArgs | undefined {
  const text = raw?.trim();
  if (!text) return undefined;
  if (!command.args || command.argsParsing === "none") return { raw: text };
  return { raw: text, values: positional(command.args, text) };
}

/** What stands after the command's name. */
export function serializeCommandArgs(command: ChatCommandDefinition, args?: CommandArgs): string | undefined {
  if (!args) return undefined;
  const raw = args.raw?.trim();
  if (raw) return raw;
  if (!args.values || !command.args) return undefined;
  if (command.formatArgs) return command.formatArgs(args.values);
  const parts: string[] = [];
  for (const { name } of command.args) {
    const value = args.values[name];
    const part = value === undefined ? "" : String(value).trim();
    if (part !== "") parts.push(part);
  }
  return parts.length > 0 ? parts.join(" ") : undefined;
}

/** The text that typing the command would have been. */
export function buildCommandTextFromArgs(command: ChatCommandDefinition, args?: CommandArgs): string {
  const rest = serializeCommandArgs(command, args);
  const name = `/${command.nativeName ?? command.key}`;
  return rest ? `${name} ${rest}` : name;
}

interface ChoiceInput {
  command: ChatCommandDefinition;
  cfg?: Readonly<Record<string, unknown>>;
  provider?: string;
  model?: string;
  agentRuntime?: string;
  catalog?: readonly unknown[];
}

/** The values an argument may take, as far as they are known now. */
export function resolveCommandArgChoices({
  arg,
  ...input
}: ChoiceInput & { arg: CommandArgDefinition }): CommandArgChoice[] {
  if (!arg.choices) return [];
  const catalog = input.catalog ?? currentHost()?.services?.models.known();
  const given =
    typeof arg.choices === "function"
      ? arg.choices({ ...input, arg, ...(catalog === undefined ? {} : { catalog }) })
      : arg.choices;
  return given.map((choice) => (typeof choice === "string" ? { value: choice, label: choice } : choice));
}

export interface CommandArgMenu {
  arg: CommandArgDefinition;
  choices: CommandArgChoice[];
  title?: string;
}

/** The menu to show for a command that was given without the argument it lets choose; `null` for none. */
export function resolveCommandArgMenu(input: ChoiceInput & { args?: CommandArgs }): CommandArgMenu | null {
  const { command, args } = input;
  const menu = command.argsMenu;
  if (!menu || !command.args || command.argsParsing === "none") return null;
  if (args?.raw && !args.values) return null;
  const arg = command.args.find((candidate) =>
    menu === "auto"
      ? resolveCommandArgChoices({ ...input, arg: candidate }).length > 0
      : candidate.name === menu.arg,
  );
  if (!arg || args?.values?.[arg.name] !== undefined) return null;
  const choices = resolveCommandArgChoices({ ...input, arg });
  if (choices.length === 0) return null;
  return { arg, choices, ...(menu !== "auto" && menu.title ? { title: menu.title } : {}) };
}

export function formatCommandArgMenuTitle(params: {
  command: ChatCommandDefinition;
  menu: CommandArgMenu;
}): string {
  const { command, menu } = params;
  const name = command.nativeName ?? command.key;
  return menu.title ?? `Choose ${menu.arg.description || menu.arg.name} for /${name}.`;
}

function positional(
  definitions: readonly CommandArgDefinition[],
  text: string,
): Record<string, CommandArgValue> {
  const words = text.split(/\s+/);
  const values: Record<string, CommandArgValue> = {};
  definitions.forEach((definition, index) => {
    const word = definition.captureRemaining ? words.slice(index).join(" ") : words[index];
    if (word) values[definition.name] = word;
  });
  return values;
}
