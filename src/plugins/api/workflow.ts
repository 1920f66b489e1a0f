import type {
  CleanupReason,
  NextTurnInjection,
  SessionAttachment,
  SessionAttachmentResult,
} from "../../contracts/capabilities.ts";
import type { AgentEventsApi, RunContextApi, SessionWorkflowApi } from "../../contracts/plugin-api.ts";
import { errorMessage } from "../../kernel/errors.ts";
import { isRecord } from "../../kernel/records.ts";
import type { RegistrationDraft } from "../registry/draft.ts";
import { isJsonValue } from "../registry/json-value.ts";

/**
 * What the rooms above do for workflow plugins; handed in by the composition root. A member that is absent
 * gives plugins the contract's negative answer.
 */
export interface WorkflowServices {
  enqueueNextTurnInjection?(
    pluginId: string,
    injection: NextTurnInjection,
  ): Promise<{ enqueued: boolean; id: string; sessionKey: string }>;
  sendSessionAttachment?(pluginId: string, attachment: SessionAttachment): Promise<SessionAttachmentResult>;
  scheduleSessionTurn?(
    pluginId: string,
    params: object,
  ): Promise<{ id: string; pluginId: string; sessionKey: string; kind: string } | undefined>;
  unscheduleSessionTurnsByTag?(
    pluginId: string,
    params: { sessionKey: string; tag: string },
  ): Promise<{ removed: number; failed: number }>;
  emitAgentEvent?(event: { runId: string; stream: string; data: unknown; sessionKey?: string }): boolean;
  /** The full form of a session key, as sessions are known by. */
  canonicalSessionKey?(sessionKey: string): string;
  /** Removes what a plugin left in sessions; called on disable. */
  cleanUp?(pluginId: string, reason: CleanupReason): Promise<void>;
  setRunContext?(pluginId: string, params: Parameters<RunContextApi["setRunContext"]>[0]): boolean;
  getRunContext?(pluginId: string, params: Parameters<RunContextApi["getRunContext"]>[0]): unknown;
  clearRunContext?(pluginId: string, params: Parameters<RunContextApi["clearRunContext"]>[0]): void;
}

export type PluginWorkflow = Omit<SessionWorkflowApi, "registerSessionSchedulerJob"> &
  Pick<AgentEventsApi, "emitAgentEvent"> &
  RunContextApi;

/** Streams only the host and bundled plugins may emit on (spec 3.22). */
const HOST_STREAMS = new Set(
  "lifecycle tool assistant error item plan approval command_output patch compaction thinking model".split(
    " ",
  ),
);

export const MAX_INJECTION_TEXT = 32_768;
export const MAX_INJECTION_KEY = 512;

/** The calls of one plugin into the host, with the rules of spec 3.19 – 3.23 and the authority split of 5. */
export function createWorkflow(draft: RegistrationDraft, services: WorkflowServices): PluginWorkflow {
  const { registrant, instance } = draft;
  const pluginId = registrant.id;
  const bundled = registrant.origin === "bundled";
  const live = () => registrant.mode === "full" && !instance.retired;
  /** Tells the plugin's author why a call did nothing; the answer itself can not. */
  const onlyBundled = (method: string) =>
    draft.note({
      level: "warn",
      code: "bundled-only",
      message: `${method} is for plugins that come with the gateway; the call did nothing`,
    });
  const noScheduler = (method: string) =>
    draft.note({
      level: "info",
      code: "feature-accepted-not-consumed",
      message: `${method} did nothing: this version has no scheduler of turns`,
    });
  return {
    async enqueueNextTurnInjection(injection) {
      const sessionKey = typeof injection?.sessionKey === "string" ? injection.sessionKey.trim() : "";
      const refused = { enqueued: false, id: "", sessionKey };
      if (!live() || !services.enqueueNextTurnInjection) return refused;
      if (!registrant.hookPolicy.allowPromptInjection) {
        draft.note({
          level: "warn",
          code: "injection-blocked",
          message: `an injection was refused: plugins.entries.${pluginId}.hooks.allowPromptInjection is false`,
        });
        return refused;
      }
      if (!isRecord(injection) || !isInjection(injection)) return refused;
      return services.enqueueNextTurnInjection(pluginId, { ...injection, sessionKey });
    },
    async sendSessionAttachment(attachment) {
      if (!live()) return { ok: false, error: "not available now" };
      if (!bundled) {
        onlyBundled("sendSessionAttachment");
        return { ok: false, error: "session attachments are for plugins that come with the gateway" };
      }
      if (!services.sendSessionAttachment) return { ok: false, error: "not available now" };
      if (!isRecord(attachment) || !isName(attachment.sessionKey)) {
        return { ok: false, error: "expected { sessionKey, files }" };
      }
      try {
        return await services.sendSessionAttachment(pluginId, attachment);
      } catch (error) {
        return { ok: false, error: errorMessage(error) };
      }
    },
    async scheduleSessionTurn(params) {
      if (!live()) return undefined;
      if (!bundled) return void onlyBundled("scheduleSessionTurn");
      if (!services.scheduleSessionTurn) return void noScheduler("scheduleSessionTurn");
      return services.scheduleSessionTurn(pluginId, params);
    },
    async unscheduleSessionTurnsByTag(params) {
      const nothing = { removed: 0, failed: 0 };
      if (!live()) return nothing;
      if (!bundled) onlyBundled("unscheduleSessionTurnsByTag");
      else if (!services.unscheduleSessionTurnsByTag) noScheduler("unscheduleSessionTurnsByTag");
      else return services.unscheduleSessionTurnsByTag(pluginId, params);
      return nothing;
    },
    emitAgentEvent(event) {
      if (!live() || !services.emitAgentEvent) return { emitted: false, reason: "inactive" };
      if (!isRecord(event) || !isName(event.runId) || !isName(event.stream)) {
        return { emitted: false, reason: "runId and stream must be non-empty strings" };
      }
      const { runId, stream, data, sessionKey } = event;
      const own = stream === pluginId || (stream.startsWith(`${pluginId}.`) && !stream.endsWith("."));
      if (!own && !(bundled && HOST_STREAMS.has(stream))) {
        return { emitted: false, reason: `stream must be "${pluginId}" or "${pluginId}.<suffix>"` };
      }
      if (!isJsonValue(data))
        return { emitted: false, reason: "data must be a JSON value within the limits" };
      const marked =
        typeof data === "object" && data !== null && !Array.isArray(data)
          ? { ...data, pluginId, pluginName: registrant.name }
          : data;
      const emitted = services.emitAgentEvent({
        runId,
        stream,
        data: marked,
        ...(sessionKey ? { sessionKey } : {}),
      });
      return emitted ? { emitted: true, stream } : { emitted: false, reason: "unknown run" };
    },
    setRunContext(params) {
      if (!live() || !isRunPlace(params) || (!params.unset && !isJsonValue(params.value))) return false;
      return services.setRunContext?.(pluginId, params) ?? false;
    },
    getRunContext: (params) =>
      live() && isRunPlace(params) ? services.getRunContext?.(pluginId, params) : undefined,
    clearRunContext(params) {
      if (live() && isRecord(params) && isName(params.runId)) services.clearRunContext?.(pluginId, params);
    },
  };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}

function isRunPlace(value: unknown): boolean {
  return isRecord(value) && isName(value["runId"]) && isName(value["namespace"]);
}

function isInjection({
  sessionKey,
  agentId,
  text,
  idempotencyKey,
  placement,
  ttlMs,
  metadata,
}: NextTurnInjection): boolean {
  if (typeof sessionKey !== "string" || sessionKey.trim() === "") return false;
  if (typeof text !== "string" || text.trim() === "" || text.length > MAX_INJECTION_TEXT) return false;
  if (idempotencyKey !== undefined) {
    if (typeof idempotencyKey !== "string" || idempotencyKey.trim() === "") return false;
    if (idempotencyKey.length > MAX_INJECTION_KEY) return false;
  }
  if (agentId !== undefined && !isName(agentId)) return false;
  if (placement !== undefined && placement !== "prepend_context" && placement !== "append_context")
    return false;
  if (ttlMs !== undefined && !(Number.isFinite(ttlMs) && ttlMs >= 0)) return false;
  return metadata === undefined || isJsonValue(metadata);
}
