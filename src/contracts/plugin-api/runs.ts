import type { AgentEventSubscription } from "../capabilities.ts";

/** Events of agent runs, in both directions (spec 3.22). */
export interface AgentEventsApi {
  /** Receives sanitised events of agent runs, in order; what it throws is logged and the run goes on. */
  registerAgentEventSubscription(subscription: AgentEventSubscription): void;
  /**
   * Sends an event of the plugin into a run. `emitted: false` names the reason: no such run, or a reserved
   * stream.
   */
  emitAgentEvent(event: {
    runId: string;
    stream: string;
    data: unknown;
    sessionKey?: string;
  }): { emitted: true; stream: string } | { emitted: false; reason: string };
}

/** Values that live as long as one run (spec 3.23). */
export interface RunContextApi {
  /**
   * Keeps a JSON value of the plugin for the length of one run; false when the run is over. `unset` removes it.
   */
  setRunContext(params: { runId: string; namespace: string; value?: unknown; unset?: boolean }): boolean;
  /** What this plugin kept for a run under `namespace`; undefined when there is nothing. */
  getRunContext(params: { runId: string; namespace: string }): unknown;
  /** Forgets what this plugin kept for a run, or one `namespace` of it. */
  clearRunContext(params: { runId: string; namespace?: string }): void;
}
