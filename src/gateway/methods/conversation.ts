import { errorMessage } from "../../kernel/errors.ts";
import type { TurnAccepted } from "../../runtime/agent/index.ts";
import type { SessionDefaults } from "../../runtime/sessions/index.ts";
import { CHAT_PAGE_CHANNEL } from "../../runtime/sessions/index.ts";
import type { TurnRequest } from "../../store/records.ts";
import type { EventReceiver } from "../events/hub.ts";
import type { MethodContext } from "../rpc/method.ts";

/** What `chat.send` answers for a turn that was accepted now, earlier, or has ended (spec 5.6). */
export function ackOf(accepted: TurnAccepted) {
  const { runId, messageSeq, outcome } = accepted;
  if (accepted.status !== "ended") {
    return {
      runId,
      status: accepted.status,
      ...(accepted.status === "started" && messageSeq !== undefined ? { messageSeq } : {}),
    };
  }
  const failed = outcome?.status === "failed";
  return {
    runId,
    status: failed ? ("error" as const) : ("ok" as const),
    ...(failed && outcome.error ? { summary: outcome.error.message } : {}),
  };
}

/** The `defaults` block of `sessions.list` and `chat.history`. */
export function defaultsOf(defaults: SessionDefaults) {
  return {
    modelProvider: defaults.modelProvider,
    model: defaults.model,
    contextTokens: defaults.contextTokens,
    agentRuntime: { id: "sluice", source: "implicit" },
    thinkingLevels: defaults.thinking.levels,
    thinkingOptions: defaults.thinking.levels.map((level) => level.id),
    thinkingDefault: defaults.thinking.defaultLevel,
    modelSelectionTarget: "session",
  };
}

/** The hub's receiver of the calling connection; none for HTTP and plugin calls. */
export function receiverOf({ services, caller }: MethodContext): EventReceiver | undefined {
  for (const receiver of services.hub.receivers) if (receiver.connId === caller.connId) return receiver;
  return undefined;
}

/** Lets the calling connection hear the tool events of a run. */
export function joinRun(context: MethodContext, runId: string): void {
  receiverOf(context)?.subscriptions.joinRun(runId);
}

/** Tells `command:<action>` to plugins before it is carried out; resolves with their reply texts (spec 3.6). */
export async function tellCommand(
  services: MethodContext["services"],
  sessionKey: string,
  action: "new" | "reset" | "stop",
  commandSource: string,
): Promise<readonly string[]> {
  const session = await services.sessions.get(sessionKey);
  return services.hooks.announce({
    type: "command",
    action,
    sessionKey,
    context: {
      commandSource,
      cfg: services.config.current().config,
      ...(session ? { sessionId: session.sessionId, sessionEntry: session.entry } : {}),
    },
  });
}

/** Who typed a message: the device where it is known, otherwise the kind of client. */
export function senderOf({ deviceId, client }: MethodContext["caller"]): string {
  return deviceId ?? client.id;
}

/** Tells plugins of a message that a person typed (spec 4.10); an observer never holds it up. */
export function tellReceived({ services, caller }: MethodContext, request: TurnRequest): void {
  const { hooks, logger, clock } = services;
  if (!hooks.has("message_received")) return;
  const { sessionKey, runId } = request;
  const senderId = senderOf(caller);
  const event = {
    from: senderId,
    content: request.text,
    timestamp: clock.now(),
    messageId: runId,
    senderId,
    sessionKey,
    runId,
    metadata: {
      provider: CHAT_PAGE_CHANNEL,
      surface: CHAT_PAGE_CHANNEL,
      chatType: "direct",
      senderName: caller.client.displayName,
    },
  };
  const context = { channelId: CHAT_PAGE_CHANNEL, sessionKey, runId, messageId: runId, senderId };
  hooks
    .run("message_received", event, context)
    .catch((error: unknown) => logger.warn("message_received failed", { error: errorMessage(error) }));
}

/** Shows connections an answer that no turn gave. */
export function publishFinal(
  { services }: MethodContext,
  key: { sessionKey: string; agentId: string },
  runId: string,
  text: string,
): void {
  const message = { role: "assistant", content: [{ type: "text", text }], timestamp: services.clock.now() };
  const payload = { runId, ...key, seq: 1, state: "final", stopReason: "stop", message };
  services.hub.publish("chat", payload, { sessionKey: key.sessionKey });
}

/** A message in the form of a `session.message` payload. */
export function sessionMessage(
  key: { sessionKey: string; agentId: string },
  message: { __openclaw: { id: string; seq: number; runId?: unknown } },
) {
  const { id, seq, runId } = message.__openclaw;
  return { ...key, message, messageId: id, messageSeq: seq, ...(runId === undefined ? {} : { runId }) };
}
