import type { Message } from "../../contracts/messages.ts";
import type { HookRunner } from "../../plugins/types.ts";

/**
 * Asks `before_message_write` about a message of the transcript. `undefined`: a plugin keeps it out. A hook may
 * change a message, not whose it is.
 */
export function writableMessage<M extends Message>(
  hooks: HookRunner,
  message: M,
  context: { sessionKey: string; agentId: string },
): M | undefined {
  if (!hooks.has("before_message_write")) return message;
  const { sessionKey, agentId } = context;
  const verdict = hooks.runSync<{ message?: Message; block?: boolean }>(
    "before_message_write",
    { message, sessionKey, agentId },
    { sessionKey, agentId },
  );
  if (verdict?.block === true) return undefined;
  return verdict?.message?.role === message.role ? (verdict.message as M) : message;
}
