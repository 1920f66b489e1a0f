import type { HookName } from "../../contracts/hooks.ts";

/**
 * How handlers of a hook run together (spec 4.3): `observe` in parallel, results ignored; `modify` one after
 * the other, results merged; `claim` until one handles; `gate` until one blocks; `sync` without waiting;
 * `evaluate` in parallel, one outcome per handler.
 */
export type HookKind = "observe" | "modify" | "claim" | "gate" | "sync" | "evaluate";

/**
 * What one field of several results becomes. `intersect` keeps every list: which names they have in common
 * shows only where their groups are known.
 */
export type FieldMerge = "first" | "last" | "concatenate" | "intersect" | "collect" | "terminal";

export interface HookRow {
  readonly name: HookName;
  readonly kind: HookKind;
  /** Fields of the result and how they merge; a hook-specific rule is named instead. */
  readonly merge?: Readonly<Record<string, FieldMerge>> | "tool-decision" | "finalize" | "environment";
  /** `true` in this field ends the run: nobody after it is asked. */
  readonly terminal?: string;
  /** Each handler sees the event with the results so far applied to it. */
  readonly chained?: readonly string[];
  /** `closed`: a handler that throws or is late counts as a refusal. */
  readonly failure: "open" | "closed";
  /** How long the host waits for one handler. Absent: as long as it takes. */
  readonly timeoutMs?: number;
  readonly promptMutating?: boolean;
  /** Shows conversation content: plugins that are not bundled need `allowConversationAccess`. */
  readonly conversation?: boolean;
  readonly acceptsMatcher?: boolean;
  /** Never waits behind other handlers of its plugin: somebody waits for it. */
  readonly atOnce?: boolean;
  readonly when: string;
  /**
   * What the host has to learn before it calls this hook. Handlers are checked, gated and listed already, so that
   * a plugin written for it loads unchanged then.
   */
  readonly waitsFor?:
    | "heartbeats"
    | "commands of the host"
    | "compaction"
    | "subagents of agents"
    | "schedules"
    | "skills";
}

const CONTEXT = { prependContext: "concatenate", appendContext: "concatenate" } as const;
const PROMPT = {
  ...CONTEXT,
  systemPrompt: "first",
  prependSystemContext: "concatenate",
  appendSystemContext: "concatenate",
  toolsAllow: "intersect",
} as const;
const MODEL = { providerOverride: "first", modelOverride: "first" } as const;

function observe(name: HookName, when: string, more: Partial<HookRow> = {}): HookRow {
  return { name, kind: "observe", failure: "open", when, ...more };
}

/** Every typed hook (spec 4.6 – 4.11). The runner, the docs page and the gates follow from this list. */
export const HOOK_TABLE: readonly HookRow[] = [
  {
    name: "before_model_resolve",
    kind: "modify",
    merge: MODEL,
    failure: "open",
    conversation: true,
    when: "Before the model of a turn is chosen",
  },
  {
    name: "agent_turn_prepare",
    kind: "modify",
    merge: CONTEXT,
    failure: "open",
    conversation: true,
    promptMutating: true,
    when: "When a turn's queued injections have been drained",
  },
  {
    name: "before_prompt_build",
    kind: "modify",
    merge: PROMPT,
    failure: "open",
    timeoutMs: 15_000,
    conversation: true,
    promptMutating: true,
    when: "Before the system prompt is assembled",
  },
  {
    name: "heartbeat_prompt_contribution",
    kind: "modify",
    merge: CONTEXT,
    failure: "open",
    promptMutating: true,
    when: "Before the prompt of a heartbeat turn is assembled",
    waitsFor: "heartbeats",
  },
  {
    name: "before_agent_start",
    kind: "modify",
    merge: { ...MODEL, ...PROMPT },
    failure: "open",
    when: "Legacy: once per turn, before the model is chosen. Use before_model_resolve or before_prompt_build",
  },
  {
    name: "before_agent_run",
    kind: "gate",
    terminal: "block",
    failure: "closed",
    timeoutMs: 15_000,
    conversation: true,
    when: "When the prompt is complete, before the model sees it",
  },
  {
    name: "before_agent_reply",
    kind: "claim",
    failure: "open",
    conversation: true,
    when: "Before a turn starts; a handler may answer in its place",
  },
  {
    name: "before_agent_finalize",
    kind: "modify",
    merge: "finalize",
    failure: "open",
    timeoutMs: 15_000,
    conversation: true,
    when: "Before the final answer of a turn is settled",
  },
  observe("agent_end", "After a turn", { timeoutMs: 30_000, conversation: true }),
  observe("model_call_started", "When a model call starts; never with content"),
  observe("model_call_ended", "When a model call ended; never with content"),
  observe("llm_input", "With what is sent to the model", { conversation: true }),
  observe("llm_output", "With what the model answered", { conversation: true }),
  {
    name: "before_tool_call",
    kind: "gate",
    merge: "tool-decision",
    terminal: "block",
    failure: "closed",
    timeoutMs: 15_000,
    acceptsMatcher: true,
    when: "Before a tool runs, after trusted policies",
  },
  observe("after_tool_call", "After a tool ran", { acceptsMatcher: true }),
  {
    name: "resolve_exec_env",
    kind: "modify",
    merge: "environment",
    failure: "open",
    timeoutMs: 15_000,
    when: "Before a command runs; adds environment variables",
    waitsFor: "commands of the host",
  },
  {
    name: "tool_result_persist",
    kind: "sync",
    chained: ["message"],
    failure: "open",
    when: "Before a tool result is written to the transcript",
  },
  {
    name: "before_message_write",
    kind: "sync",
    chained: ["message"],
    terminal: "block",
    failure: "open",
    when: "Before any message is written to the transcript",
  },
  {
    name: "inbound_claim",
    kind: "claim",
    failure: "open",
    when: "With a message of a conversation that is bound to the plugin",
  },
  observe("channel_pairing_requested", "When an unknown sender asks to be paired", { timeoutMs: 2_000 }),
  observe("message_received", "With every accepted inbound message"),
  {
    name: "before_dispatch",
    kind: "claim",
    failure: "open",
    when: "Before a message of a channel or of the chat page is answered; a handler may answer it",
  },
  {
    name: "reply_dispatch",
    kind: "claim",
    failure: "open",
    when: "In place of the model's dispatch",
  },
  {
    name: "message_sending",
    kind: "modify",
    merge: { content: "last", cancel: "terminal", cancelReason: "last", metadata: "last" },
    terminal: "cancel",
    failure: "open",
    timeoutMs: 15_000,
    when: "Before a message leaves; may change or cancel it",
  },
  {
    name: "reply_payload_sending",
    kind: "modify",
    merge: { payload: "last", cancel: "terminal", reason: "last" },
    chained: ["payload"],
    terminal: "cancel",
    failure: "open",
    timeoutMs: 15_000,
    when: "Before a structured reply leaves",
  },
  observe("message_sent", "After a delivery attempt"),
  observe("session_start", "When a session begins"),
  observe("session_end", "When a session ends; when the gateway stops all handlers together have 2 s"),
  observe("before_reset", "Before a session is reset"),
  observe("before_compaction", "Before a transcript is compacted", {
    timeoutMs: 30_000,
    waitsFor: "compaction",
  }),
  observe("after_compaction", "After a transcript was compacted", {
    timeoutMs: 30_000,
    waitsFor: "compaction",
  }),
  {
    name: "subagent_delivery_target",
    kind: "modify",
    merge: { origin: "first" },
    failure: "open",
    when: "Deprecated: chooses where a subagent's result goes",
    waitsFor: "subagents of agents",
  },
  observe("subagent_spawned", "When a subagent run was created", { waitsFor: "subagents of agents" }),
  observe("subagent_progress", "When a subagent run starts or ends", { waitsFor: "subagents of agents" }),
  observe("subagent_ended", "After a subagent run", { waitsFor: "subagents of agents" }),
  observe(
    "gateway_start",
    "When the gateway accepts connections; for a plugin that comes or is reloaded later, then",
  ),
  observe("gateway_stop", "When the gateway shuts down", { timeoutMs: 5_000, atOnce: true }),
  observe("cron_reconciled", "When schedules were loaded", { waitsFor: "schedules" }),
  observe("cron_changed", "When a scheduled job changed or ran", { waitsFor: "schedules" }),
  {
    name: "before_install",
    kind: "gate",
    merge: { findings: "collect", block: "terminal", blockReason: "last" },
    terminal: "block",
    failure: "closed",
    timeoutMs: 15_000,
    when: "Before a plugin or skill is installed",
  },
  {
    name: "skill_proposal_evaluate",
    kind: "evaluate",
    failure: "open",
    timeoutMs: 120_000,
    when: "With a proposed change of a skill",
    waitsFor: "skills",
  },
  observe("skill_proposal_changed", "When a skill proposal changed", {
    timeoutMs: 30_000,
    waitsFor: "skills",
  }),
  observe("skill_changed", "When a skill changed", { timeoutMs: 30_000, waitsFor: "skills" }),
];

const ROWS: ReadonlyMap<string, HookRow> = new Map(HOOK_TABLE.map((row) => [row.name, row]));

/** Older names that are still understood (spec 0.2). */
export const HOOK_ALIASES: Readonly<Record<string, HookName>> = { deactivate: "gateway_stop" };

export function hookRow(name: string): HookRow | undefined {
  return ROWS.get(name);
}
