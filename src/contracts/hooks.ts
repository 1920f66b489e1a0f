import type { AgentHooks } from "./hooks/agent-hooks.ts";
import type { GatewayHooks } from "./hooks/gateway-hooks.ts";
import type { MessageHooks } from "./hooks/message-hooks.ts";
import type { SessionHooks } from "./hooks/session-hooks.ts";
import type { ToolHooks } from "./hooks/tool-hooks.ts";

/** Typed hooks of `api.on` (spec 4): event, context and result by hook name. */

export type * from "./hooks/agent-hooks.ts";
export type * from "./hooks/gateway-hooks.ts";
export type * from "./hooks/message-hooks.ts";
export type * from "./hooks/session-hooks.ts";
export type * from "./hooks/tool-hooks.ts";

// biome-ignore lint/suspicious/noConfusingVoidType: handlers that return nothing are typed `void` by their authors.
export type Nothing = undefined | void;

/** Hook name → event, context, result. The table in `src/plugins/hooks/table.ts` has one row per key. */
export interface HookMap extends AgentHooks, ToolHooks, MessageHooks, SessionHooks, GatewayHooks {}

/** A typed hook. */
export type HookName = keyof HookMap;
/** What its handlers are told. */
export type HookEvent<Name extends HookName> = HookMap[Name]["event"];
/** Where it happens. */
export type HookContext<Name extends HookName> = HookMap[Name]["context"];
/** What its handlers may decide. */
export type HookResult<Name extends HookName> = HookMap[Name]["result"];

/** A handler may return a result, nothing, or a promise of either. */
export type HookHandler<Name extends HookName> = (
  event: HookEvent<Name>,
  context: HookContext<Name>,
) => HookResult<Name> | Nothing | Promise<HookResult<Name> | Nothing>;

/** Options of `api.on` (spec 4.1). */
export interface HookOptions {
  /** Higher runs first; default 0. Ties run in registration order. */
  priority?: number;
  registrationId?: string;
  /** How long the host waits; not a cancellation. */
  timeoutMs?: number;
  /** Canonical tool ids; only for `before_tool_call` and `after_tool_call`. */
  matcher?: string[];
  eligibleTriggers?: ("cron" | "heartbeat" | "user")[];
  eligibleDispatchKinds?: ("agent" | "acp")[];
  requiresToolAuthority?: true;
}
