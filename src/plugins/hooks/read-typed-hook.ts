import type { HookName } from "../../contracts/hooks.ts";
import { isRecord } from "../../kernel/records.ts";
import type { DiagnosticCode } from "../diagnostic-codes.ts";
import { type Accepted, type Note, type Refused, type Registrant, refuse } from "../registry/row.ts";
import { HOOK_ALIASES, hookRow } from "./table.ts";
import { readToolMatcher } from "./tool-matcher.ts";

/** A row of kind `typedHook`: one handler of `api.on`. */
export interface TypedHook {
  readonly hook: HookName;
  handler(event: object, context: object): unknown;
  readonly priority: number;
  readonly registrationId?: string;
  /** Resolved from operator config, the plugin's own wish and the table, in this order. */
  readonly timeoutMs?: number;
  readonly matcher?: readonly string[];
  readonly eligibleTriggers?: readonly string[];
  readonly eligibleDispatchKinds?: readonly string[];
  readonly requiresToolAuthority: boolean;
  /** What a gated legacy handler may see and change. */
  readonly limited?: { readonly promptOnly: boolean; readonly noPromptFields: boolean };
}

/** Checks one `api.on` call against the hook table and the operator's gates (spec 4.1, 4.12). */
export function readTypedHook(args: readonly unknown[], registrant: Registrant): Accepted | Refused {
  const [given, handler, rawOptions] = args;
  const notes: Note[] = [];
  const warn = (code: DiagnosticCode, message: string) => notes.push({ level: "warn", code, message });
  const alias = typeof given === "string" ? HOOK_ALIASES[given] : undefined;
  if (alias) warn("compat-hook-alias", `the hook "${given}" is an older name of "${alias}"`);
  const name = alias ?? given;
  const row = typeof name === "string" ? hookRow(name) : undefined;
  if (!row)
    return refuse("hook-unknown", `there is no hook "${String(given)}"; see docs/plugins/hooks.md`, "warn");
  if (typeof handler !== "function")
    return refuse("registration-malformed", `hook "${row.name}": expected a function`);

  const options = isRecord(rawOptions) ? rawOptions : {};
  const policy = registrant.hookPolicy;
  const bundled = registrant.origin === "bundled";
  if (row.promptMutating && !policy.allowPromptInjection) {
    return refuse(
      "hook-blocked-prompt-injection",
      `hook "${row.name}" is off: plugins.entries.${registrant.id}.hooks.allowPromptInjection is false`,
      "warn",
    );
  }
  const conversationAllowed = bundled
    ? policy.allowConversationAccess !== false
    : policy.allowConversationAccess === true;
  if (row.conversation && !conversationAllowed) {
    return refuse(
      "hook-blocked-conversation-access",
      `hook "${row.name}" shows conversations; set plugins.entries.${registrant.id}.hooks.allowConversationAccess to true`,
      "warn",
    );
  }
  let limited: TypedHook["limited"];
  if (row.name === "before_agent_start") {
    warn(
      "compat-before-agent-start",
      'the hook "before_agent_start" is legacy; use "before_model_resolve" or "before_prompt_build"',
    );
    limited = { promptOnly: !conversationAllowed, noPromptFields: !policy.allowPromptInjection };
  }
  if (options["matcher"] !== undefined && !row.acceptsMatcher) {
    warn("hook-option-ignored", `hook "${row.name}" takes no matcher; it is ignored`);
  }
  if (row.waitsFor) {
    const message = `hook "${row.name}" is stored; nothing calls it before this gateway has ${row.waitsFor}`;
    notes.push({ level: "info", code: "feature-accepted-not-consumed", message });
  }
  const matcher = row.acceptsMatcher ? readToolMatcher(options["matcher"]) : undefined;
  const timeoutMs = budget(row.name, options["timeoutMs"], registrant, row.timeoutMs);
  const eligibleTriggers = eligible(options["eligibleTriggers"], ["cron", "heartbeat", "user"]);
  const eligibleDispatchKinds = eligible(options["eligibleDispatchKinds"], ["agent", "acp"]);
  const value: TypedHook = {
    hook: row.name,
    handler: handler as TypedHook["handler"],
    priority: Number.isFinite(options["priority"]) ? (options["priority"] as number) : 0,
    requiresToolAuthority: row.name === "before_prompt_build" && options["requiresToolAuthority"] === true,
    ...(typeof options["registrationId"] === "string" ? { registrationId: options["registrationId"] } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(matcher ? { matcher } : {}),
    ...(eligibleTriggers ? { eligibleTriggers } : {}),
    ...(eligibleDispatchKinds ? { eligibleDispatchKinds } : {}),
    ...(limited ? { limited } : {}),
  };
  return { keys: [row.name], value, notes };
}

function budget(
  hook: string,
  wished: unknown,
  { hookPolicy }: Registrant,
  standard: number | undefined,
): number | undefined {
  const own = typeof wished === "number" && Number.isFinite(wished) && wished > 0 ? wished : undefined;
  return hookPolicy.timeouts[hook] ?? hookPolicy.timeoutMs ?? own ?? standard;
}

/** A list with anything unknown in it restricts nothing (spec 4.1). */
function eligible(value: unknown, known: readonly string[]): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.every((item) => known.includes(item)) ? (value as string[]) : undefined;
}
