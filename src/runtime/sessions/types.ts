import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner } from "../../plugins/types.ts";
import type { Store } from "../../store/index.ts";
import type { AgentRuntime } from "../agent/types.ts";
import type { ConfigService } from "../config/types.ts";
import type { Models } from "../models/types.ts";
import type { SessionExtensions } from "../workflow/session-extensions.ts";
import type { SessionRow } from "./session-row.ts";

/** Which session, and whose. */
export interface SessionAddress {
  sessionKey: string;
  agentId: string;
}

/** Something about a session changed outside a turn. */
export interface SessionChange {
  sessionKey: string;
  agentId: string;
  sessionId: string;
  reason: "patch" | "reset" | "new" | "delete" | "create" | "archive" | "inject" | "plugin-patch";
  row?: SessionRow;
}

export interface SessionsOptions {
  store: Store;
  agent: AgentRuntime;
  models: Models;
  config: ConfigService;
  hooks: HookRunner;
  clock: Clock;
  logger: Logger;
  /** State of plugins in sessions. */
  extensions?: SessionExtensions;
  /** Tells plugins that a session starts afresh or is gone. */
  cleanUp?(reason: "reset" | "delete", target: { sessionKey: string }): Promise<void>;
}

/** Validated change of a session: `null` clears a field. */
export interface SessionChanges {
  patch: Record<string, unknown>;
  label?: string | null;
  archived?: boolean;
  pinned?: boolean;
  expectedSessionId?: string;
  expectedLifecycleRevision?: string;
}

/** What has to be true of a session for it to be reset. */
export interface ResetOptions {
  /** Default `reset`. */
  reason?: "new" | "reset";
  expectedSessionId?: string;
}

/** What has to be true of a session for it to be deleted, and what stays. */
export interface DeleteOptions {
  /** Default true. */
  deleteTranscript?: boolean;
  expectedSessionId?: string;
  expectedLifecycleRevision?: string;
  expectedUpdatedAt?: number;
  archivedOnly?: boolean;
}
