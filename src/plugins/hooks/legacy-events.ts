import type { LegacyHookEvent, LegacyHookRegistration } from "../../contracts/registrations.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { RegistryReader } from "../types.ts";

/**
 * Fires a colon event (`command:new`, `session:start`…) at the handlers of `api.registerHook` (spec 3.6).
 * A handler of `command` hears every `command:*`. Resolves with the reply texts the handlers left; failures
 * are logged.
 */
export async function fireLegacyEvent(
  registry: RegistryReader,
  logger: Logger,
  event: Omit<LegacyHookEvent, "messages">,
): Promise<readonly string[]> {
  const full: LegacyHookEvent = { ...event, messages: [] };
  const name = `${event.type}:${event.action}`;
  for (const { value, pluginId } of registry.current().list<LegacyHookRegistration>("hook")) {
    if (!value.dispatched || !(value.events.includes(name) || value.events.includes(event.type))) continue;
    try {
      await value.handler(full);
    } catch (error) {
      logger.warn(`hook "${value.name}" of plugin "${pluginId}" failed`, { error: errorMessage(error) });
    }
  }
  return full.messages;
}
