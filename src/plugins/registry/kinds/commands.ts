import { isRecord } from "../../../kernel/records.ts";
import { isOperatorScope } from "../../../protocol/scopes.ts";
import type { Around } from "../../loading/bind-value.ts";
import { nonEmpty, stringList } from "../checks.ts";
import { type Accepted, malformed, type Note, type Refused, type Registrant, refuse } from "../row.ts";

/** Command names only the host, or the bundled plugin of that id, may own (spec 3.5). */
export const RESERVED_COMMAND_NAMES: ReadonlySet<string> = new Set(
  (
    "help commands status diagnostics codex whoami context btw stop restart reset new compact config debug " +
    "allowlist activation skill learn loop subagents kill steer tell model models queue send bash exec think " +
    "verbose reasoning elevated usage"
  ).split(" "),
);

export const PROMPT_SURFACES: ReadonlySet<string> = new Set([
  "openclaw_main",
  "codex_app_server",
  "cli_backend",
  "acp_backend",
  "subagent",
]);

/** The main prompt's name before it was renamed. */
const OLDER_SURFACE = "pi_main";

/** Older names of the main prompt (spec 0.2). */
export function promptSurface(name: string): string {
  return name === OLDER_SURFACE || name === "OmeniaClaw_main" || name === "sluice_main"
    ? "openclaw_main"
    : name;
}

const COMMAND_NAME = /^[a-z][a-z0-9_-]*$/;
/** Characters of a refused name that its diagnostic repeats. */
const MAX_SHOWN_NAME = 80;

/** How many commands of a plugin run now. */
const running = new WeakMap<Registrant, number>();

/** Checks a chat command; its claims are the name and every native alias. */
export function readCommand(definition: unknown, registrant: Registrant): Accepted | Refused {
  if (!isRecord(definition)) return malformed("command: expected an object");
  const name = nonEmpty(definition["name"])?.toLowerCase();
  if (!name) return malformed('command: "name" must not be empty');
  if (!COMMAND_NAME.test(name)) {
    const shown = JSON.stringify(name.slice(0, MAX_SHOWN_NAME));
    return malformed(`command ${shown}: a name starts with a letter and holds letters, digits, "_" and "-"`);
  }
  const wrong = (message: string) => malformed(`command "${name}": ${message}`);
  if (running.get(registrant))
    return wrong("a command that runs can not bring new ones; register them in register(api)");
  if (!nonEmpty(definition["description"])) return wrong('"description" must not be empty');
  if (typeof definition["handler"] !== "function") return wrong('"handler" must be a function');
  const reserved = checkReserved(name, definition, registrant);
  if (reserved) return reserved;
  const aliases = readAliases(definition["nativeNames"]);
  if (typeof aliases === "string") return wrong(aliases);
  const taken = aliases.find((alias) => RESERVED_COMMAND_NAMES.has(alias) && alias !== name);
  if (taken) return refuse("reserved-name", `command "${name}": the alias "${taken}" belongs to the host`);
  const guidance = readGuidance(definition["agentPromptGuidance"]);
  if (typeof guidance === "string") return wrong(guidance);
  const problem = checkFields(definition);
  if (problem) return wrong(problem);

  const notes: Note[] = [];
  let exposeOwner = definition["exposeSenderIsOwner"] === true;
  if (exposeOwner && registrant.origin !== "bundled") {
    exposeOwner = false;
    notes.push({
      level: "warn",
      code: "bundled-only",
      message: `command "${name}": "exposeSenderIsOwner" is for bundled plugins; use "requiredScopes"`,
    });
  }
  if (namesOlderSurface(definition["agentPromptGuidance"])) {
    const message = `command "${name}": the prompt surface "${OLDER_SURFACE}" is called "openclaw_main" now`;
    notes.push({ level: "info", code: "compat-pi-prompt-surface", message });
  }
  const overrides = {
    name,
    requireAuth: definition["requireAuth"] !== false,
    exposeSenderIsOwner: exposeOwner,
    agentPromptGuidance: guidance,
  };
  const around = { handler: counted(registrant) };
  return { keys: [...new Set([name, ...aliases])], value: definition, overrides, around, notes };
}

function namesOlderSurface(guidance: unknown): boolean {
  if (!Array.isArray(guidance)) return false;
  return guidance.some((entry) => {
    const surfaces: unknown = isRecord(entry) ? entry["surfaces"] : undefined;
    return Array.isArray(surfaces) && surfaces.includes(OLDER_SURFACE);
  });
}

function counted(registrant: Registrant): Around {
  const add = (change: number) => running.set(registrant, (running.get(registrant) ?? 0) + change);
  return (handler) =>
    (...args) => {
      add(1);
      let result: unknown;
      try {
        result = handler(...args);
      } catch (error) {
        add(-1);
        throw error;
      }
      const leave = () => add(-1);
      if (result instanceof Promise) result.then(leave, leave);
      else leave();
      return result;
    };
}

function checkFields(definition: Record<string, unknown>): string | undefined {
  for (const field of ["nativeProgressMessages", "descriptionLocalizations"]) {
    const texts = definition[field];
    if (texts !== undefined && !(isRecord(texts) && Object.values(texts).every(nonEmpty))) {
      return `"${field}" must map to non-empty texts`;
    }
  }
  const { channels, requiredScopes, clientPresentation } = definition;
  if (channels !== undefined && !stringList(channels)) return '"channels" must be a list of channel ids';
  if (
    requiredScopes !== undefined &&
    !(Array.isArray(requiredScopes) && requiredScopes.every(isOperatorScope))
  ) {
    return '"requiredScopes" must name operator scopes';
  }
  if (clientPresentation !== undefined && !isDevicePairing(clientPresentation)) {
    return '"clientPresentation" must be { when: "no-arguments", action: { kind: "device-pairing" } }';
  }
  return undefined;
}

function checkReserved(
  name: string,
  definition: Record<string, unknown>,
  { id, origin }: Registrant,
): Refused | undefined {
  if (definition["ownership"] !== "reserved") {
    return RESERVED_COMMAND_NAMES.has(name)
      ? refuse("reserved-name", `command "${name}" belongs to the host; choose another name`)
      : undefined;
  }
  if (origin !== "bundled") {
    return refuse("bundled-only", `command "${name}": only bundled plugins may own reserved names`);
  }
  return RESERVED_COMMAND_NAMES.has(name) && name === id
    ? undefined
    : refuse(
        "reserved-name",
        `command "${name}": reserved ownership needs a reserved name equal to the plugin id`,
      );
}

function readAliases(value: unknown): string[] | string {
  if (value === undefined) return [];
  if (!isRecord(value)) return '"nativeNames" must map surfaces to names';
  const aliases: string[] = [];
  for (const alias of Object.values(value)) {
    const name = nonEmpty(alias)?.toLowerCase();
    if (!name || !COMMAND_NAME.test(name)) return '"nativeNames" holds a name that is not a command name';
    aliases.push(name);
  }
  return aliases;
}

export interface PromptGuidance {
  readonly text: string;
  /** Absent: every surface except `codex_app_server`. */
  readonly surfaces?: readonly string[];
}

function readGuidance(value: unknown): PromptGuidance[] | string {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return '"agentPromptGuidance" must be a list';
  const guidance: PromptGuidance[] = [];
  for (const item of value) {
    const text =
      typeof item === "string" ? nonEmpty(item) : isRecord(item) ? nonEmpty(item["text"]) : undefined;
    if (!text) return '"agentPromptGuidance" holds an empty text';
    const surfaces = isRecord(item) ? item["surfaces"] : undefined;
    if (surfaces === undefined) {
      guidance.push({ text });
      continue;
    }
    if (!Array.isArray(surfaces) || surfaces.length === 0) {
      return '"agentPromptGuidance.surfaces" is empty; omit it to address every surface';
    }
    const named = surfaces.map((surface) => promptSurface(String(surface)));
    const unknown = named.find((surface) => !PROMPT_SURFACES.has(surface));
    if (unknown) return `"agentPromptGuidance" names the unknown surface "${unknown}"`;
    guidance.push({ text, surfaces: named });
  }
  return guidance;
}

function isDevicePairing(value: unknown): boolean {
  return (
    isRecord(value) &&
    Object.keys(value).length === 2 &&
    value["when"] === "no-arguments" &&
    isRecord(value["action"]) &&
    Object.keys(value["action"]).length === 1 &&
    value["action"]["kind"] === "device-pairing"
  );
}
