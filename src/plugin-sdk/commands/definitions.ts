/** The shape of a chat command as channels register it with their platform. */
export interface CommandArgChoice {
  value: string;
  label: string;
}

export interface CommandArgChoiceContext {
  cfg?: Readonly<Record<string, unknown>>;
  provider?: string;
  model?: string;
  agentRuntime?: string;
  catalog?: readonly unknown[];
  command: ChatCommandDefinition;
  arg: CommandArgDefinition;
}

export interface CommandArgDefinition {
  name: string;
  description: string;
  type: "string" | "number" | "boolean";
  required?: boolean;
  choices?:
    | readonly (string | CommandArgChoice)[]
    | ((context: CommandArgChoiceContext) => readonly (string | CommandArgChoice)[]);
  preferAutocomplete?: boolean;
  /** The last argument may take all the remaining words. */
  captureRemaining?: boolean;
}

export type CommandArgValue = string | number | boolean | bigint;

export interface CommandArgs {
  raw?: string;
  values?: Record<string, CommandArgValue>;
}

export interface ChatCommandDefinition {
  key: string;
  nativeName?: string;
  description: string;
  textAliases: string[];
  acceptsArgs?: boolean;
  args?: CommandArgDefinition[];
  argsParsing?: "none" | "positional";
  formatArgs?(values: Record<string, CommandArgValue>): string | undefined;
  argsMenu?: "auto" | { arg: string; title?: string };
  scope: "text" | "native" | "both";
  category?: string;
}

/** What a platform's command menu shows. */
export interface NativeCommandSpec {
  name: string;
  description: string;
  acceptsArgs: boolean;
  args?: CommandArgDefinition[];
  [extra: string]: unknown;
}
