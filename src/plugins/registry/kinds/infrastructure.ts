import type {
  CliCommandDescriptor,
  CliOptions,
  CliRegistrar,
  CliRegistration,
  GatewayMethodRegistration,
  HttpRouteRegistration,
  LegacyHookRegistration,
  OperatorScope,
} from "../../../contracts/registrations.ts";
import { OPERATOR_SCOPES } from "../../../protocol/scopes.ts";
import { readTypedHook } from "../../hooks/read-typed-hook.ts";
import { hookRow } from "../../hooks/table.ts";
import { isObject, isRefused, nonEmpty, notFunction, readIdentified } from "../checks.ts";
import { canonicalRoutePath } from "../route-path.ts";
import {
  type Accepted,
  type KindRow,
  malformed,
  type Note,
  type Refused,
  type Registrant,
  refuse,
} from "../row.ts";

export const KNOWN_SCOPES: ReadonlySet<string> = new Set(OPERATOR_SCOPES);

/** Method names below these always need `operator.admin` (spec 3.8). */
export const ADMIN_METHOD_PREFIXES = ["exec.approvals.", "config.", "wizard.", "update."] as const;

const COMMAND_NAME = /^[a-z0-9][a-z0-9_-]*$/i;

/** Hooks, routes, gateway methods, services and CLI commands. */
export const infrastructureKinds: readonly KindRow[] = [
  {
    kind: "typedHook",
    method: "on",
    summary: "A handler of a typed lifecycle hook",
    spec: "4",
    features: ["F124"],
    scope: "plugin",
    again: "all",
    read: readTypedHook,
  },
  {
    kind: "hook",
    method: "registerHook",
    summary: "A handler of colon events such as command:new (older style; prefer api.on)",
    spec: "3.6",
    features: ["F067"],
    scope: "global",
    again: "error",
    read: ([events, handler, options], registrant) => readLegacyHook(events, handler, options, registrant),
  },
  {
    kind: "httpRoute",
    method: "registerHttpRoute",
    summary: "An HTTP endpoint on the gateway's port, with gateway or plugin authentication",
    spec: "3.7",
    features: ["F068"],
    scope: "global",
    again: "replace",
    alsoIn: ["setup-runtime"],
    read: ([route]) => readRoute(route),
  },
  {
    kind: "gatewayMethod",
    method: "registerGatewayMethod",
    summary: "An RPC method of the gateway",
    spec: "3.8",
    features: ["F069"],
    scope: "global",
    again: "error",
    alsoIn: ["setup-runtime"],
    read: readGatewayMethod,
  },
  {
    kind: "gatewayAccessPolicy",
    method: "registerGatewayAccessPolicy",
    summary: "A further requirement on authenticated persons",
    spec: "3.8",
    features: ["F266"],
    scope: "plugin",
    again: "replace",
    unconsumed: true,
    read: ([policy], { id }) =>
      isObject(policy) && typeof policy["authorize"] === "function"
        ? { keys: [id], value: policy }
        : malformed('gateway access policy: "authorize" must be a function'),
  },
  {
    kind: "service",
    method: "registerService",
    summary: "Background work that starts with the gateway and stops with the plugin",
    spec: "3.11",
    features: ["F079"],
    scope: "global",
    again: "ignore",
    read: ([value]) => {
      const read = readIdentified(value, {
        noun: "service",
        functions: ["start"],
        optionalFunctions: ["stop"],
      });
      return isRefused(read) ? read : { ...read, lasting: ["start"] };
    },
  },
  {
    kind: "gatewayDiscoveryService",
    method: "registerGatewayDiscoveryService",
    summary: "Advertises the gateway on the local network; a routing hint, never authentication",
    spec: "3.11",
    features: ["F070", "F071", "F072", "F073"],
    scope: "global",
    again: "ignore",
    capability: "gateway-discovery",
    read: ([value]) => {
      const read = readIdentified(value, { noun: "gateway discovery service", functions: ["advertise"] });
      return isRefused(read) ? read : { ...read, lasting: ["advertise"] };
    },
  },
  {
    kind: "cli",
    method: "registerCli",
    summary: "Commands of the command line, with descriptors for lazy loading",
    spec: "3.9",
    features: ["F074", "F075", "F076", "F077"],
    scope: "global",
    again: "error",
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
      readCli(registrar, { ...(isObject(options) ? options : {}), parentPath: ["nodes"] }),
  },
  {
    kind: "nodeHostCommand",
    method: "registerNodeHostCommand",
    summary: "A command this machine answers when it runs as a node",
    spec: "3.10",
    features: ["F265"],
    scope: "global",
    again: "error",
    unconsumed: true,
    read: ([value]) =>
      readIdentified(value, { noun: "node command", idField: "command", functions: ["handle"] }),
  },
  {
    kind: "nodeInvokePolicy",
    method: "registerNodeInvokePolicy",
    summary: "Decides in the gateway whether a node command may be forwarded",
    spec: "3.10",
    features: ["F086"],
    scope: "global",
    again: "error",
    read: ([value]) => {
      if (!isObject(value)) return malformed("node-invoke policy: expected an object");
      const commands = value["commands"];
      if (!Array.isArray(commands) || commands.length === 0 || !commands.every(nonEmpty)) {
        return malformed('node-invoke policy: "commands" must be a non-empty list');
      }
      if (typeof value["handle"] !== "function")
        return malformed('node-invoke policy: "handle" must be a function');
      if (notFunction(value, ["classifyRisk"]))
        return malformed('node-invoke policy: "classifyRisk" must be a function');
      return { keys: [...new Set(commands.map((command) => String(command).trim()))], value };
    },
  },
];

function readLegacyHook(
  events: unknown,
  handler: unknown,
  options: unknown,
  { config, pluginConfig }: Registrant,
): Accepted | Refused {
  const given = isObject(options) ? options : {};
  const entry = isObject(given["entry"]) && isObject(given["entry"]["hook"]) ? given["entry"]["hook"] : {};
  const name = nonEmpty(entry["name"]) ?? nonEmpty(given["name"]);
  if (!name) throw new TypeError('registerHook needs a name: registerHook(events, handler, { name: "…" })');
  if (typeof handler !== "function") return malformed(`hook "${name}": expected a function`);
  const list = (Array.isArray(events) ? events : [events]).flatMap((event) => nonEmpty(event) ?? []);
  if (list.length === 0) return malformed(`hook "${name}": name at least one event`);
  const notes: Note[] = [];
  for (const event of list) {
    if (!hookRow(event)) continue;
    notes.push({
      level: "warn",
      code: "hook-typed-name-in-register-hook",
      message: `hook "${name}": "${event}" is a typed hook and never fires here; use api.on("${event}", …)`,
    });
  }
  const hooks = isObject(config["hooks"]) ? config["hooks"] : {};
  const internal = isObject(hooks["internal"]) ? hooks["internal"] : {};
  const description = nonEmpty(given["description"]);
  const value: LegacyHookRegistration = {
    name,
    events: list,
    dispatched: given["register"] !== false && internal["enabled"] !== false,
    pluginConfig,
    handler: handler as LegacyHookRegistration["handler"],
    ...(description ? { description } : {}),
  };
  return { keys: [name], value, notes };
}

function readRoute(route: unknown): Accepted | Refused {
  if (!isObject(route)) return malformed("HTTP route: expected an object");
  const given = nonEmpty(route["path"]);
  if (!given) return refuse("registration-malformed", 'HTTP route: "path" is missing', "warn");
  const path = given.startsWith("/") ? given : `/${given}`;
  const { auth, match = "exact" } = route;
  if (auth !== "gateway" && auth !== "plugin") {
    return refuse(
      "route-auth-invalid",
      `HTTP route ${path}: "auth" must be "gateway", or "plugin" when the plugin checks its own signature`,
    );
  }
  if (typeof route["handler"] !== "function")
    return malformed(`HTTP route ${path}: "handler" must be a function`);
  if (match !== "exact" && match !== "prefix") {
    return malformed(`HTTP route ${path}: "match" must be "exact" or "prefix"`);
  }
  const canonical = canonicalRoutePath(path);
  if ("problem" in canonical) return malformed(`HTTP route ${path}: ${canonical.problem}`);
  const overrides: Omit<HttpRouteRegistration, "auth" | "handler"> = {
    path,
    match,
    canonicalPath: canonical.path,
  };
  return { keys: [`${match} ${canonical.path}`], value: route, overrides: { ...overrides } };
}

function readGatewayMethod([rawName, handler, options]: readonly unknown[]): Accepted | Refused {
  const name = nonEmpty(rawName);
  if (!name) return { refused: [] };
  if (typeof handler !== "function") return malformed(`gateway method "${name}": expected a function`);
  const given = isObject(options) ? options : {};
  const notes: Note[] = [];
  let scope = (given["scope"] ?? "operator.admin") as OperatorScope;
  if (!KNOWN_SCOPES.has(scope)) {
    return malformed(
      `gateway method "${name}": unknown scope "${String(given["scope"])}"; there are ${[...KNOWN_SCOPES].join(", ")}`,
    );
  }
  if (scope !== "operator.admin" && ADMIN_METHOD_PREFIXES.some((prefix) => name.startsWith(prefix))) {
    notes.push({
      level: "warn",
      code: "scope-coerced-admin",
      message: `gateway method "${name}" needs operator.admin because of its name; "${scope}" is ignored`,
    });
    scope = "operator.admin";
  }
  const access = given["profileAccess"];
  const value: GatewayMethodRegistration = {
    name,
    scope,
    handler: handler as GatewayMethodRegistration["handler"],
    ...(access === "independent" || access === "required" ? { profileAccess: access } : {}),
  };
  return { keys: [name], value, notes };
}

function readCli(registrar: unknown, options: unknown): Accepted | Refused {
  if (typeof registrar !== "function") return malformed("CLI: expected a registrar function");
  const given: CliOptions = isObject(options) ? options : {};
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
