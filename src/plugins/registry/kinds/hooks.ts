import type { LegacyHookRegistration } from "../../../contracts/registrations.ts";
import { isRecord } from "../../../kernel/records.ts";
import { readTypedHook } from "../../hooks/read-typed-hook.ts";
import { hookRow } from "../../hooks/table.ts";
import { nonEmpty } from "../checks.ts";
import { type Accepted, type KindRow, malformed, type Note, type Refused, type Registrant } from "../row.ts";

/** Listeners: typed hooks and the older colon events. */
export const hookKinds: readonly KindRow[] = [
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
];

const BOOTSTRAP = "agent:bootstrap";
/** Colon events whose handlers may add to the prompt, and the family they are in. */
const PROMPT_EVENTS: ReadonlySet<string> = new Set([BOOTSTRAP, "agent"]);

function readLegacyHook(
  events: unknown,
  handler: unknown,
  options: unknown,
  { id, config, pluginConfig, hookPolicy }: Registrant,
): Accepted | Refused {
  const given = isRecord(options) ? options : {};
  const entry = isRecord(given["entry"]) && isRecord(given["entry"]["hook"]) ? given["entry"]["hook"] : {};
  const name = nonEmpty(entry["name"]) ?? nonEmpty(given["name"]);
  if (!name) throw new TypeError('registerHook needs a name: registerHook(events, handler, { name: "…" })');
  if (typeof handler !== "function") return malformed(`hook "${name}": expected a function`);
  const named = (Array.isArray(events) ? events : [events]).flatMap((event) => nonEmpty(event) ?? []);
  if (named.length === 0) return malformed(`hook "${name}": name at least one event`);
  const notes: Note[] = [];
  const silenced = (event: string) => PROMPT_EVENTS.has(event) && !hookPolicy.allowPromptInjection;
  const list = named.filter((event) => !silenced(event));
  if (list.length < named.length) {
    notes.push({
      level: "warn",
      code: "hook-blocked-prompt-injection",
      message: `hook "${name}" does not hear "${BOOTSTRAP}": plugins.entries.${id}.hooks.allowPromptInjection is false`,
    });
  }
  if (list.length === 0) return { refused: notes };
  for (const event of list) {
    if (!hookRow(event)) continue;
    notes.push({
      level: "warn",
      code: "hook-typed-name-in-register-hook",
      message: `hook "${name}": "${event}" is a typed hook and never fires here; use api.on("${event}", …)`,
    });
  }
  const hooks = isRecord(config["hooks"]) ? config["hooks"] : {};
  const internal = isRecord(hooks["internal"]) ? hooks["internal"] : {};
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
