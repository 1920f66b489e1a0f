import type { ToolFactory, ToolRegistration } from "../../../contracts/registrations.ts";
import type { AgentTool } from "../../../contracts/tool.ts";
import { isRecord } from "../../../kernel/records.ts";
import { readToolMatcher } from "../../hooks/tool-matcher.ts";
import { parametersProblem } from "../../tool-parameters.ts";
import { isRefused, nonEmpty, readIdentified, stringList } from "../checks.ts";
import {
  type Accepted,
  type KindRow,
  malformed,
  type Note,
  type Refused,
  type Registrant,
  refuse,
} from "../row.ts";
import { readCommand } from "./commands.ts";

export const TOOL_RESULT_RUNTIMES: readonly string[] = ["openclaw", "codex"];

/** Older names of the host's own runtime (spec 0.2). */
export function runtimeName(name: string): string {
  return name === "pi" || name === "OmeniaClaw" || name === "sluice" ? "openclaw" : name;
}

/** Kinds around agent tools and chat commands. */
export const toolKinds: readonly KindRow[] = [
  {
    kind: "tool",
    method: "registerTool",
    summary: "A function the agent may call, a factory of such functions, or a versioned descriptor",
    spec: "3.4",
    features: ["F054"],
    scope: "global",
    again: "error",
    sharesPartly: true,
    contract: {
      key: "tools",
      lenientWithoutContracts: true,
      names: (value) => (value as ToolRegistration).names,
    },
    read: ([tool, options], registrant) => readTool(tool, options, registrant),
  },
  {
    kind: "toolMetadata",
    method: "registerToolMetadata",
    summary: "Display name, risk and tags of one of the plugin's own tools",
    spec: "3.14",
    features: ["F066"],
    scope: "plugin",
    again: "error",
    contract: {
      key: "tools",
      lenientWithoutContracts: true,
      names: (value) => [(value as { toolName: string }).toolName],
    },
    read: ([value]) => readToolMetadata(value),
  },
  {
    kind: "command",
    method: "registerCommand",
    summary: "A chat command that runs before the agent and bypasses the model",
    spec: "3.5",
    features: ["F055", "F056", "F057", "F062", "F064", "F065"],
    scope: "global",
    again: "error",
    read: ([definition], registrant) => readCommand(definition, registrant),
  },
  {
    kind: "agentToolResultMiddleware",
    method: "registerAgentToolResultMiddleware",
    summary: "Rewrites a tool's result after execution and before the model sees it",
    spec: "3.13",
    features: ["F081", "F082"],
    scope: "plugin",
    again: "all",
    trust: "explicit",
    contract: {
      key: "agentToolResultMiddleware",
      names: (value) => (value as { runtimes: readonly string[] }).runtimes,
    },
    merge: mergeMiddleware,
    read: ([handler, options], registrant) =>
      readMiddleware(handler, options, registrant, "agentToolResultMiddleware"),
  },
  {
    kind: "agentToolCallMiddleware",
    method: "registerAgentToolCallMiddleware",
    summary:
      "Stands around the execution of a tool: may hold it up, change its arguments or answer in its place",
    spec: "3.13",
    features: ["F081"],
    scope: "plugin",
    again: "all",
    trust: "explicit",
    contract: {
      key: "agentToolCallMiddleware",
      names: (value) => (value as { runtimes: readonly string[] }).runtimes,
    },
    read: ([handler, options], registrant) => {
      const read = readMiddleware(handler, options, registrant, "agentToolCallMiddleware");
      const priority = isRecord(options) ? options["priority"] : undefined;
      if (isRefused(read) || typeof priority !== "number" || !Number.isFinite(priority)) return read;
      return { ...read, overrides: { priority } };
    },
  },
  {
    kind: "trustedToolPolicy",
    method: "registerTrustedToolPolicy",
    summary: "A gate before every tool call, ahead of ordinary hooks; a failure blocks the call",
    spec: "3.14",
    features: ["F096", "F097"],
    scope: "plugin",
    again: "error",
    trust: "explicit",
    contract: {
      key: "trustedToolPolicies",
      externalOnly: true,
      names: (value) => [(value as { id: string }).id],
    },
    read: ([value], { hookPolicy }) => {
      const read = readIdentified(value, {
        noun: "trusted tool policy",
        texts: ["description"],
        functions: ["evaluate"],
      });
      if (isRefused(read)) return read;
      const matcher = readToolMatcher((value as { matcher?: unknown }).matcher);
      const timeoutMs = hookPolicy.timeouts["before_tool_call"] ?? hookPolicy.timeoutMs;
      return { ...read, overrides: { ...read.overrides, matcher, timeoutMs } };
    },
  },
  {
    kind: "codexAppServerExtensionFactory",
    method: "registerCodexAppServerExtensionFactory",
    summary: "Extends the Codex app server (bundled plugins only)",
    spec: "3.13",
    features: ["F083"],
    scope: "plugin",
    again: "all",
    trust: "bundled",
    unconsumed: true,
    contract: { key: "embeddedExtensionFactories", names: () => ["codex-app-server"] },
    read: ([factory], { id }) =>
      typeof factory === "function"
        ? { keys: [id], value: { factory } }
        : malformed("Codex extension factory: expected a function"),
  },
];

function readTool(tool: unknown, options: unknown, registrant: Registrant): Accepted | Refused {
  const given = isRecord(options) ? options : {};
  const names = new Set<string>();
  for (const name of [given["name"], ...(Array.isArray(given["names"]) ? given["names"] : [])]) {
    const known = nonEmpty(name);
    if (known) names.add(known);
  }
  let create: ToolRegistration["create"];
  if (typeof tool === "function") {
    create = tool as ToolFactory;
  } else if (isRecord(tool) && "contextVersion" in tool) {
    if (tool["contextVersion"] !== 2) return malformed("tool: only contextVersion 2 is known to this host");
    const descriptor = tool as { create?: unknown };
    if (typeof descriptor.create !== "function") return malformed('tool: "create" must be a function');
    create = (context) => (descriptor as { create: ToolFactory }).create(context);
  } else if (isRecord(tool)) {
    const name = nonEmpty(tool["name"]);
    if (!name) return malformed('tool: "name" must be a non-empty string');
    if (typeof tool["execute"] !== "function")
      return malformed(`tool "${name}": "execute" must be a function`);
    const problem = parametersProblem(tool["parameters"]);
    if (problem) return malformed(`tool "${name}": ${problem}`);
    names.add(name);
    create = () => tool as unknown as ReturnType<ToolFactory>;
  } else {
    return malformed("tool: expected a tool, a factory, or { contextVersion: 2, create }");
  }
  // A factory that names nothing may make any tool its manifest lists.
  const nameless = names.size === 0;
  if (nameless) for (const name of registrant.manifest.contracts["tools"] ?? []) names.add(name);
  if (names.size === 0 && registrant.manifest.declaresContracts) {
    return refuse("contract-undeclared", 'tool: list its name in "contracts.tools" of the manifest');
  }
  const metadata = registrant.manifest.toolMetadata;
  // Of several tools the manifest may make only some optional; that is judged by name when they are made.
  const optional =
    given["optional"] === true ||
    (names.size > 0 && [...names].every((name) => metadata[name]?.optional === true));
  const value: ToolRegistration = {
    names: [...names],
    optional,
    metadata,
    create: (context) => onlyDeclared(create(context), names, registrant),
  };
  return { keys: [...names], nameless, value, makes: ["create"] };
}

const NO_NAMES: readonly string[] = [];
/** One set per list of a manifest, however many tools look into it. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

function setOf(list: readonly string[]): ReadonlySet<string> {
  const known = sets.get(list) ?? new Set(list);
  sets.set(list, known);
  return known;
}

/** What a factory makes must be a tool, and in the manifest too (spec 3.4). */
function onlyDeclared(
  made: ReturnType<ToolFactory>,
  names: ReadonlySet<string>,
  registrant: Registrant,
): ReturnType<ToolFactory> {
  if (!made) return made;
  const declared = setOf(registrant.manifest.contracts["tools"] ?? NO_NAMES);
  const undeclared = names.size === 0 && declared.size === 0;
  const refused = (code: Note["code"], message: string) => {
    registrant.report({ level: "error", code, message });
    return false;
  };
  const isFit = (tool: AgentTool | null | undefined) => {
    if (!tool) return false;
    const problem = toolProblem(tool);
    if (problem) return refused("registration-malformed", `a factory made no tool: ${problem}`);
    if (undeclared || names.has(tool.name) || declared.has(tool.name)) return true;
    const message = `a factory made the tool "${tool.name}"; list it in "contracts.tools" of the manifest`;
    return refused("contract-undeclared", message);
  };
  if (Array.isArray(made)) return made.filter(isFit);
  return isFit(made) ? made : undefined;
}

/** What is wrong with a made tool; reading its members may throw, which ends its factory alone. */
function toolProblem({ name, execute, parameters }: AgentTool): string | undefined {
  if (!nonEmpty(name)) return '"name" must be a non-empty string';
  if (typeof execute !== "function") return `"${name}": "execute" must be a function`;
  const problem = parametersProblem(parameters);
  return problem ? `"${name}": ${problem}` : undefined;
}

function readToolMetadata(value: unknown): Accepted | Refused {
  const read = readIdentified(value, { noun: "tool metadata", idField: "toolName" });
  if (isRefused(read)) return read;
  const metadata = value as Record<string, unknown>;
  const wrong = (message: string) => malformed(`tool metadata "${read.keys[0]}": ${message}`);
  for (const field of ["displayName", "description"]) {
    if (metadata[field] !== undefined && !nonEmpty(metadata[field]))
      return wrong(`"${field}" must not be empty`);
  }
  const { risk, tags } = metadata;
  if (risk !== undefined && risk !== "low" && risk !== "medium" && risk !== "high") {
    return wrong('"risk" must be low, medium or high');
  }
  if (tags !== undefined && !stringList(tags)) return wrong('"tags" must be a list of non-empty strings');
  return read;
}

function readMiddleware(
  handler: unknown,
  options: unknown,
  registrant: Registrant,
  contract: "agentToolResultMiddleware" | "agentToolCallMiddleware",
): Accepted | Refused {
  const noun = contract === "agentToolCallMiddleware" ? "tool-call middleware" : "tool-result middleware";
  if (typeof handler !== "function") return malformed(`${noun}: expected a function`);
  const given = isRecord(options) ? options : {};
  const declared = (registrant.manifest.contracts[contract] ?? []).map(runtimeName);
  const asked = stringList(given["runtimes"]) ? given["runtimes"].map(runtimeName) : undefined;
  const runtimes = asked ?? TOOL_RESULT_RUNTIMES.filter((runtime) => declared.includes(runtime));
  const unknown = runtimes.find((runtime) => !TOOL_RESULT_RUNTIMES.includes(runtime));
  if (unknown) return malformed(`${noun}: unknown runtime "${unknown}"`);
  if (runtimes.length === 0) {
    return refuse(
      "contract-undeclared",
      `${noun}: list its runtimes, for example ["openclaw"], in contracts.${contract}`,
    );
  }
  const matcher = readToolMatcher(given["matcher"]);
  // The operator's budget is for deciding and rewriting; a middleware around a call lasts as long as its tool.
  const timeoutMs = contract === "agentToolResultMiddleware" ? registrant.hookPolicy.timeoutMs : undefined;
  const value = {
    handler,
    runtimes,
    ...(matcher ? { matcher } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  return { keys: [registrant.id], value };
}

interface MiddlewareReach {
  readonly runtimes: readonly string[];
  readonly matcher?: readonly string[];
}

/** The same handler for more runtimes and tools; without a matcher it is for every tool. */
function mergeMiddleware(kept: unknown, added: unknown): object {
  const { runtimes: before, matcher: some } = kept as MiddlewareReach;
  const { matcher: more, runtimes, ...rest } = added as MiddlewareReach;
  const matcher = some && more ? [...new Set([...some, ...more])] : undefined;
  return { ...rest, runtimes: [...new Set([...before, ...runtimes])], ...(matcher ? { matcher } : {}) };
}
