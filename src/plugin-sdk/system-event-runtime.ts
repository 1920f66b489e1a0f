import { requireHost } from "./ambient/host.ts";

/** Facts that stand before the next turn of a session (spec 4.12). */
export interface SystemEventOptions {
  sessionKey: string;
  contextKey?: string;
  [extra: string]: unknown;
}

/** False when the same was the last one, or the text is empty. */
export function enqueueSystemEvent(text: string, options: SystemEventOptions): boolean {
  return requireHost("enqueueSystemEvent").runtime.system.enqueueSystemEvent(text, options);
}

/** The same for the session of a route. */
export function enqueueRoutedSystemEvent(
  text: string,
  route: { sessionKey: string; agentId?: string; [extra: string]: unknown },
  options: Omit<SystemEventOptions, "sessionKey"> = {},
): boolean {
  return enqueueSystemEvent(text, { ...options, sessionKey: route.sessionKey });
}
