import type { OperatorScope } from "../registrations.ts";

/** Why something of a plugin ends: it is disabled, its session is reset or deleted, or it goes to come back (`restart`). */
export type CleanupReason = "disable" | "reset" | "delete" | "restart";

/** State of a plugin in every session, as JSON. */
export interface SessionExtension {
  namespace: string;
  description: string;
  /** What clients see of the state; synchronous. Default: the state itself. */
  project?(context: { sessionKey: string; sessionId?: string; state: unknown }): unknown;
  cleanup?(context: { reason: CleanupReason; sessionKey?: string }): void | Promise<void>;
  sessionEntrySlotKey?: string;
  sessionEntrySlotSchema?: object;
}

/** Context for the next turn of a session, given to it exactly once. */
export interface NextTurnInjection {
  sessionKey: string;
  /** At most 32,768 characters. */
  text: string;
  agentId?: string;
  /** At most 512 characters; the same key is queued once. */
  idempotencyKey?: string;
  placement?: "prepend_context" | "append_context";
  ttlMs?: number;
  metadata?: unknown;
}

/** Files for a session's conversation (spec 3.19). */
export interface SessionAttachment {
  sessionKey: string;
  /** 1 to 10 plain files of the agent's workspace or the media store; relative paths start at the workspace. */
  files: readonly { path: string }[];
  /** Said with the first file. */
  text?: string;
  threadId?: string | number;
  /** Send pictures and sounds as files, too. */
  forceDocument?: boolean;
  /** For all files together; at most, and by default, 26 214 400. */
  maxBytes?: number;
  captionFormat?: "plain" | "html" | "markdown";
  channelHints?: {
    parseMode?: "HTML";
    silent?: boolean;
    /** The MIME type that every file must have. */
    forceDocumentMime?: string;
    threadId?: string | number;
    [channel: string]: unknown;
  };
}

/** Where the files went, or why they did not. */
export type SessionAttachmentResult =
  | { ok: true; channel: string; deliveredTo: string; count: number }
  | { ok: false; error: string };

/** Something the plugin scheduled for a session by itself, and how to take it back. */
export interface SessionSchedulerJob {
  id: string;
  sessionKey: string;
  kind: string;
  description?: string;
  cleanup?(context: { reason: CleanupReason; sessionKey: string; jobId: string }): void | Promise<void>;
}

/** What clients may ask of the plugin in a session. */
export interface SessionAction {
  id: string;
  handler(context: {
    pluginId: string;
    actionId: string;
    sessionKey?: string;
    agentId?: string;
    payload?: unknown;
    client: { connId?: string; scopes: readonly string[] };
  }): unknown;
  description?: string;
  schema?: object | boolean;
  requiredScopes?: OperatorScope[];
}

/** A panel, tab or widget of the plugin on the control page. Names data, holds no code. */
export interface ControlUiDescriptor {
  id: string;
  surface: "session" | "tool" | "run" | "settings" | "tab" | "widget" | "link-reader";
  label: string;
  description?: string;
  placement?: string;
  slug?: string;
  schema?: unknown;
  requiredScopes?: OperatorScope[];
  icon?: string;
  path?: string;
  group?: "control" | "agent";
  order?: number;
  linkReader?: {
    hosts: string[];
    pathPattern: string;
    detailMethod: string;
    previewMethod?: string;
    imageMethod?: string;
  };
}

/** Clean-up of the plugin's own resources. */
export interface RuntimeLifecycle {
  id: string;
  description?: string;
  cleanup?(context: { reason: CleanupReason; sessionKey?: string; runId?: string }): void | Promise<void>;
  dispose?(): void | Promise<void>;
}

/** Receives events of agent runs, all or those of some `streams`. */
export interface AgentEventSubscription {
  id: string;
  handle(
    event: {
      runId: string;
      seq: number;
      stream: string;
      ts: number;
      data: unknown;
      sessionKey?: string;
    },
    context: {
      getRunContext(namespace: string): unknown;
      setRunContext(namespace: string, value: unknown): boolean;
      clearRunContext(namespace?: string): void;
    },
  ): void | Promise<void>;
  description?: string;
  streams?: string[];
}
