import type {
  ControlUiDescriptor,
  NextTurnInjection,
  SessionAction,
  SessionAttachment,
  SessionAttachmentResult,
  SessionExtension,
  SessionSchedulerJob,
} from "../capabilities.ts";

/** What a plugin keeps in sessions (spec 3.19). */
export interface SessionStateApi {
  /**
   * State of the plugin in every session, as JSON; what `project` returns is shown to clients
   * (`sessions.pluginPatch`).
   */
  registerSessionExtension(extension: SessionExtension): void;
}

/** What a plugin adds to the course of a session (spec 3.19). */
export interface SessionWorkflowApi {
  /** Adds context to the next turn of a session, exactly once, surviving restarts (spec 3.19). */
  enqueueNextTurnInjection(
    injection: NextTurnInjection,
  ): Promise<{ enqueued: boolean; id: string; sessionKey: string }>;
  /**
   * Clean-up of something the plugin scheduled for a session; runs when the session ends. Schedules nothing
   * itself.
   */
  registerSessionSchedulerJob(
    job: SessionSchedulerJob,
  ): { id: string; pluginId: string; sessionKey: string; kind: string } | undefined;
  /** Sends files to a session's conversation. Bundled plugins only; others get `{ ok: false }`. Never throws. */
  sendSessionAttachment(attachment: SessionAttachment): Promise<SessionAttachmentResult>;
  /** Bundled plugins only; others get `undefined`. */
  scheduleSessionTurn(
    params: object,
  ): Promise<{ id: string; pluginId: string; sessionKey: string; kind: string } | undefined>;
  /** Bundled plugins only; others get `{ removed: 0, failed: 0 }`. */
  unscheduleSessionTurnsByTag(params: {
    sessionKey: string;
    tag: string;
  }): Promise<{ removed: number; failed: number }>;
}

/** What clients may ask of a plugin in a session, and see of it (spec 3.20). */
export interface SessionControlsApi {
  /**
   * A typed action on a session that clients dispatch with `plugins.sessionAction`; `schema` checks its payload
   * first.
   */
  registerSessionAction(action: SessionAction): void;
  /** Describes a panel, tab or widget of the plugin for the control page. Names data, holds no code. */
  registerControlUiDescriptor(descriptor: ControlUiDescriptor): void;
}
