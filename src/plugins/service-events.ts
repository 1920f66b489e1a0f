import type { SessionsChangedEvent } from "../contracts/registrations.ts";
import type { Disposable } from "../kernel/disposable.ts";
import { errorMessage, SluiceError } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import { isJsonValue } from "./registry/json-value.ts";

/** Scopes a plugin may ask of the clients that receive its event. */
export type PluginEventScope = "operator.read" | "operator.write" | "operator.admin";

/** Hands an event of a plugin's service to the connected clients. */
export type PluginEventSink = (event: string, payload: object, scope: PluginEventScope) => void;

/** Tells of sessions that changed until the subscription is disposed. */
export type SessionChangeSource = (listener: (event: SessionsChangedEvent) => void) => Disposable;

/** What a service calls to tell connected clients something, and to hear what they are told (spec 3.11). */
export interface ServiceEvents {
  /**
   * Sends `plugin.<plugin id>.<event>` to clients that hold the scope; nobody hears a service that has stopped.
   *
   * @throws SluiceError `PLUGIN_EVENT_INVALID` for a name that is not one lower-case segment, a scope that is
   *   none of the three, or a payload that is not bounded JSON
   */
  emit(event: string, payload: object, options: { scope: PluginEventScope }): void;

  /**
   * Calls `handler` when a session is made, changed, used or gone, until the returned function is called or the
   * service has stopped. What a handler throws is logged.
   *
   * @throws SluiceError `PLUGIN_EVENT_INVALID` for a handler that is no function
   */
  onSessionsChanged(handler: (event: SessionsChangedEvent) => void): () => void;
}

export interface ServiceEventsParts {
  readonly pluginId: string;
  readonly publish: PluginEventSink;
  /** Absent: there are no sessions to hear of. */
  readonly sessionChanges?: SessionChangeSource | undefined;
  /** Ends the events of the service. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

const EVENT_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const SCOPES: ReadonlySet<unknown> = new Set(["operator.read", "operator.write", "operator.admin"]);

/** The events of one service. */
export function serviceEvents(parts: ServiceEventsParts): ServiceEvents {
  const { pluginId, publish, sessionChanges, signal, logger } = parts;
  return {
    emit(event, payload, options) {
      if (signal.aborted) return;
      if (typeof event !== "string" || !EVENT_NAME.test(event)) {
        throw invalid("event", "expected one lower-case segment of at most 64 letters, digits, - or _");
      }
      if (!SCOPES.has(options?.scope)) {
        throw invalid("scope", "expected operator.read, operator.write or operator.admin");
      }
      if (typeof payload !== "object" || payload === null || !isJsonValue(payload)) {
        throw invalid("payload", "expected a JSON object within the limits of plugin values");
      }
      publish(`plugin.${pluginId}.${event}`, payload, options.scope);
    },

    onSessionsChanged(handler) {
      if (typeof handler !== "function") {
        throw invalid("handler", "expected a function", "changed sessions are not told");
      }
      if (signal.aborted || !sessionChanges) return () => {};
      const complain = (error: unknown) =>
        logger.warn("a listener of changed sessions failed", { error: errorMessage(error) });
      const subscription = sessionChanges((event) => {
        try {
          // A handler may be asynchronous; nobody waits for it.
          Promise.resolve(handler(event) as unknown).catch(complain);
        } catch (error) {
          complain(error);
        }
      });
      const leave = () => {
        signal.removeEventListener("abort", leave);
        void subscription.dispose();
      };
      signal.addEventListener("abort", leave, { once: true });
      return leave;
    },
  };
}

function invalid(
  field: string,
  expected: string,
  refused = "the event was not sent",
): SluiceError<"PLUGIN_EVENT_INVALID"> {
  return new SluiceError("PLUGIN_EVENT_INVALID", `${refused}: ${field}: ${expected}`, {
    details: { field, expected },
  });
}
