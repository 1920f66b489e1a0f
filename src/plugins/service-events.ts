import { SluiceError } from "../kernel/errors.ts";
import { isJsonValue } from "./registry/json-value.ts";

/** Scopes a plugin may ask of the clients that receive its event. */
export type PluginEventScope = "operator.read" | "operator.write" | "operator.admin";

/** Hands an event of a plugin's service to the connected clients. */
export type PluginEventSink = (event: string, payload: object, scope: PluginEventScope) => void;

/** What a service calls to tell connected clients something (spec 3.11). */
export interface ServiceEvents {
  /**
   * Sends `plugin.<plugin id>.<event>` to clients that hold the scope; nobody hears a service that has stopped.
   *
   * @throws SluiceError `PLUGIN_EVENT_INVALID` for a name that is not one lower-case segment, a scope that is
   *   none of the three, or a payload that is not bounded JSON
   */
  emit(event: string, payload: object, options: { scope: PluginEventScope }): void;
}

const EVENT_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const SCOPES: ReadonlySet<unknown> = new Set(["operator.read", "operator.write", "operator.admin"]);

/** The events of one service; `signal` ends them. */
export function serviceEvents(pluginId: string, sink: PluginEventSink, signal: AbortSignal): ServiceEvents {
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
      sink(`plugin.${pluginId}.${event}`, payload, options.scope);
    },
  };
}

function invalid(field: string, expected: string): SluiceError {
  return new SluiceError("PLUGIN_EVENT_INVALID", `the event was not sent: ${field}: ${expected}`, {
    details: { field, expected },
  });
}
