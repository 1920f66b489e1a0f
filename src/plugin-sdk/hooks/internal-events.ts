import type { LegacyHookEvent } from "../../contracts/registrations.ts";
import { currentHost } from "../ambient/host.ts";

/** A colon event such as `message:received`, to be told with {@link triggerInternalHook} (spec 3.6). */
export function createInternalHookEvent(
  type: LegacyHookEvent["type"],
  action: string,
  sessionKey: string,
  context: Record<string, unknown> = {},
): LegacyHookEvent {
  return { type, action, sessionKey, context, timestamp: new Date(), messages: [] };
}

/**
 * Tells the event to every handler of `api.registerHook` that listens to it, and adds the reply texts they
 * leave to `event.messages`. Without a running gateway nobody listens. Never rejects.
 */
export async function triggerInternalHook(event: LegacyHookEvent): Promise<void> {
  const replies = await currentHost()?.hooks.announce(event);
  if (replies) event.messages.push(...replies);
}
