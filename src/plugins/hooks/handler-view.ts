import { isRecord } from "../../kernel/records.ts";
import type { RegistryEntry } from "../types.ts";
import type { TypedHook } from "./read-typed-hook.ts";
import type { HookRow } from "./table.ts";
import { matchesTool } from "./tool-matcher.ts";

/** An event, a context or a result of a hook. */
export type Fields = Record<string, unknown>;

export type HookEntry = RegistryEntry<TypedHook>;

const PROMPT_FIELDS = [
  "systemPrompt",
  "prependContext",
  "appendContext",
  "prependSystemContext",
  "appendSystemContext",
  "toolsAllow",
];

/** Whether a handler asked to hear of this event (spec 4.1). */
export function applies(entry: HookEntry, row: HookRow, event: Fields, context: Fields): boolean {
  const { matcher, eligibleTriggers, eligibleDispatchKinds, requiresToolAuthority } = entry.value;
  if (row.acceptsMatcher && !matchesTool(matcher, String(event["toolName"] ?? context["toolName"])))
    return false;
  if (row.name === "before_prompt_build")
    return requiresToolAuthority === (context["toolAuthority"] !== undefined);
  if (row.name === "before_agent_reply" && eligibleTriggers) {
    const trigger = context["trigger"];
    return typeof trigger !== "string" || eligibleTriggers.includes(trigger);
  }
  if (row.name === "reply_dispatch" && eligibleDispatchKinds) {
    const kind = context["dispatchKind"];
    return typeof kind !== "string" || eligibleDispatchKinds.includes(kind);
  }
  if (row.name === "inbound_claim") {
    const binding = context["pluginBinding"];
    return isRecord(binding) && binding["pluginId"] === entry.pluginId;
  }
  return true;
}

/** A copy that a handler may change without anybody noticing. */
export function detached(event: Fields): Fields {
  try {
    return structuredClone(event);
  } catch {
    return { ...event };
  }
}

/** What a legacy handler without conversation access may see (spec 4.9). */
export function limitedEvent(entry: HookEntry, event: Fields): Fields {
  if (entry.value.hook !== "before_agent_start") return event;
  const { prompt, messages } = event;
  const shown = entry.value.limited?.promptOnly ? undefined : messages;
  return { prompt, ...(shown === undefined ? {} : { messages: shown }) };
}

/** What of a result counts, from a handler that may not decide everything. */
export function limitedResult(entry: HookEntry, result: unknown, context: Fields): Fields | undefined {
  if (result === undefined || result === null) return undefined;
  if (!isRecord(result)) return { outcome: "invalid" };
  const { hook, limited } = entry.value;
  if (hook === "before_agent_start" && limited?.noPromptFields) {
    return Object.fromEntries(Object.entries(result).filter(([field]) => !PROMPT_FIELDS.includes(field)));
  }
  if (hook === "before_prompt_build" && context["toolAuthority"] !== undefined) {
    const { prependContext, appendContext } = result;
    return { prependContext, appendContext };
  }
  return result;
}
