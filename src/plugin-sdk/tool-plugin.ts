import type { PluginApi, PluginDefinition } from "../contracts/plugin-api.ts";
import type { ToolFactoryContext } from "../contracts/registrations.ts";
import type { AgentTool, AgentToolResult } from "../contracts/tool.ts";
import { emptyPluginConfigSchema } from "./plugin-entry.ts";

export type { AgentTool, AgentToolResult } from "../contracts/tool.ts";

type PluginSettings = Readonly<Record<string, unknown>>;

export interface ToolCallExtras {
  api: PluginApi;
  signal?: AbortSignal;
  toolCallId: string;
  onUpdate?(partial: AgentToolResult): void;
}

interface ToolDeclarationBase {
  name: string;
  description: string;
  /** Default: the name. */
  label?: string;
  optional?: boolean;
}

/**
 * The arguments a JSON Schema describes, as far as its text says; TypeBox schemas are JSON Schema. What a schema
 * leaves open is `unknown`.
 */
export type ParametersOf<Schema> = Schema extends { static: infer Static }
  ? Static
  : Schema extends { properties: infer Properties }
    ? Simplify<
        { [Key in keyof Properties & RequiredOf<Schema>]: ValueOf<Properties[Key]> } & {
          [Key in Exclude<keyof Properties, RequiredOf<Schema>>]?: ValueOf<Properties[Key]>;
        }
      >
    : Record<string, unknown>;

type RequiredOf<Schema> = Schema extends { required: readonly (infer Name)[] } ? Name : never;
type Simplify<Value> = { [Key in keyof Value]: Value[Key] };
type ValueOf<Schema> = Schema extends { static: infer Static }
  ? Static
  : Schema extends { const: infer Value }
    ? Value
    : Schema extends { enum: readonly (infer Value)[] }
      ? Value
      : Schema extends { anyOf: readonly (infer Choice)[] }
        ? ValueOf<Choice>
        : Schema extends { type: "array"; items: infer Item }
          ? ValueOf<Item>[]
          : Schema extends { type: "object" }
            ? ParametersOf<Schema>
            : Schema extends { type: infer Name extends keyof Primitives }
              ? Primitives[Name]
              : unknown;

interface Primitives {
  string: string;
  number: number;
  integer: number;
  boolean: boolean;
  null: null;
}

/** A tool as a function: a string or any JSON value it returns becomes the result. */
export interface SimpleToolDeclaration<Params = Record<string, unknown>, Schema extends object = object>
  extends ToolDeclarationBase {
  /** JSON Schema of an object; TypeBox schemas are JSON Schema. */
  parameters: Schema;
  outputSchema?: object;
  /** `config` is `plugins.entries.<id>.config`, or an empty object. */
  execute(params: Params, config: PluginSettings, extras: ToolCallExtras): unknown;
}

/** A tool that is made anew for every run. */
export interface FactoryToolDeclaration extends ToolDeclarationBase {
  factory(context: {
    api: PluginApi;
    config: PluginSettings;
    toolContext: ToolFactoryContext;
  }): AgentTool | AgentTool[] | null | undefined;
}

export type ToolDeclaration = SimpleToolDeclaration<never> | FactoryToolDeclaration;

export interface ToolPluginOptions {
  id: string;
  name: string;
  description: string;
  /** Default `{ onStartup: true }`. */
  activation?: object;
  configSchema?: object;
  /** The argument only helps inference: `tools: (tool) => [tool({ … })]`. */
  tools(tool: DeclareTool): ToolDeclaration[];
}

/** Returns what it is given; `execute` gets the type of its arguments from `parameters`. */
export interface DeclareTool {
  <const Schema extends object>(
    declaration: SimpleToolDeclaration<ParametersOf<Schema>, Schema>,
  ): SimpleToolDeclaration<ParametersOf<Schema>, Schema>;
  <Declaration extends FactoryToolDeclaration>(declaration: Declaration): Declaration;
}

export interface ToolPluginMetadata {
  id: string;
  name: string;
  description: string;
  activation: object;
  configSchema: object;
  tools: { name: string; label: string; description: string; optional: boolean }[];
}

const METADATA = Symbol.for("openclaw.plugin-sdk.tool-plugin.metadata");

/**
 * Declares a plugin whose tools have fixed names (spec 6.4). Its manifest can be generated from it.
 *
 * @example
 * export default defineToolPlugin({
 *   id: "dice",
 *   name: "Dice",
 *   description: "Rolls dice",
 *   tools: (tool) => [
 *     tool({
 *       name: "roll_die",
 *       description: "Rolls one die",
 *       parameters: { type: "object", properties: { sides: { type: "integer", minimum: 2 } } },
 *       execute: ({ sides = 6 }) => 1 + Math.floor(Math.random() * sides),
 *     }),
 *   ],
 * });
 */
export function defineToolPlugin(
  options: ToolPluginOptions,
): PluginDefinition & Required<Pick<PluginDefinition, "id" | "register">> {
  const declarations = options.tools(<Declaration>(declaration: Declaration) => declaration);
  const configSchema = options.configSchema ?? emptyPluginConfigSchema();
  const metadata: ToolPluginMetadata = {
    id: options.id,
    name: options.name,
    description: options.description,
    activation: options.activation ?? { onStartup: true },
    configSchema,
    tools: declarations.map(({ name, label = name, description, optional = false }) => ({
      name,
      label,
      description,
      optional,
    })),
  };
  const definition = {
    id: options.id,
    name: options.name,
    description: options.description,
    configSchema,
    register(api: PluginApi) {
      for (const declaration of declarations) registerDeclaration(api, declaration);
    },
  };
  return Object.defineProperty(definition, METADATA, { value: metadata, enumerable: false });
}

/** The static description of a tool plugin, or `undefined` for any other value. */
export function getToolPluginMetadata(entry: unknown): ToolPluginMetadata | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  return (entry as { [METADATA]?: ToolPluginMetadata })[METADATA];
}

function registerDeclaration(api: PluginApi, declaration: ToolDeclaration): void {
  const optional = declaration.optional ? { optional: true } : {};
  if ("factory" in declaration && typeof declaration.factory === "function") {
    api.registerTool(
      (toolContext: ToolFactoryContext) =>
        declaration.factory({ api, config: api.pluginConfig ?? {}, toolContext }),
      { name: declaration.name, ...optional },
    );
    return;
  }
  const simple = declaration as unknown as SimpleToolDeclaration;
  if (typeof simple.execute !== "function") {
    throw new TypeError(`tool "${simple.name}" needs an execute function or a factory`);
  }
  const tool: AgentTool = {
    name: simple.name,
    label: simple.label ?? simple.name,
    description: simple.description,
    parameters: simple.parameters,
    ...(simple.outputSchema ? { outputSchema: simple.outputSchema } : {}),
    async execute(toolCallId, params, signal, onUpdate) {
      const value = await simple.execute(params, api.pluginConfig ?? {}, {
        api,
        toolCallId,
        ...(signal ? { signal } : {}),
        ...(onUpdate ? { onUpdate } : {}),
      });
      return asToolResult(value);
    },
  };
  api.registerTool(tool, optional);
}

function asToolResult(value: unknown): AgentToolResult {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "null");
  return { content: [{ type: "text", text }], details: value };
}
