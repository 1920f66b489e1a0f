import type { AgentEventSubscription } from "../contracts/capabilities.ts";
import type { PluginAgentEvent } from "../contracts/runtime.ts";
import { errorMessage } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import type { RunContexts } from "./run-contexts.ts";
import type { RegistryReader } from "./types.ts";

/** Fields of event data that plugins do not see. */
const HIDDEN = /(?:api[-_]?key|authorization|secret|password|rawPayload|requestBody|responseBody)$/i;

/**
 * Hands agent events to subscribed plugins, in the background (spec 3.22). When a run's terminal event has
 * been handled by all of them, the run's scratch data is dropped.
 */
export class AgentEventFeed {
  readonly #registry: RegistryReader;
  readonly #contexts: RunContexts;
  readonly #logger: Logger;

  constructor(registry: RegistryReader, contexts: RunContexts, logger: Logger) {
    this.#registry = registry;
    this.#contexts = contexts;
    this.#logger = logger;
  }

  /** Resolves when every handler is done; callers need not wait. */
  async deliver(event: PluginAgentEvent): Promise<void> {
    const { runId } = event;
    const terminal = isTerminal(event);
    if (!terminal) this.#contexts.open(runId);
    const entries = this.#registry
      .current()
      .list<AgentEventSubscription>("agentEventSubscription")
      .filter(({ value }) => !value.streams || value.streams.includes(event.stream));
    if (entries.length > 0) {
      const shown = { ...event, data: withoutSecrets(event.data) };
      await Promise.all(
        entries.map(async ({ value, pluginId }) => {
          try {
            await value.handle({ ...shown }, this.#contextOf(pluginId, runId));
          } catch (error) {
            this.#logger.warn(`agent event subscription "${value.id}" of plugin "${pluginId}" failed`, {
              error: errorMessage(error),
            });
          }
        }),
      );
    }
    if (terminal) this.#contexts.close(runId);
  }

  #contextOf(pluginId: string, runId: string): Parameters<AgentEventSubscription["handle"]>[1] {
    const contexts = this.#contexts;
    return {
      getRunContext: (namespace) => contexts.get(pluginId, { runId, namespace }),
      setRunContext: (namespace, value) => contexts.set(pluginId, { runId, namespace, value }),
      clearRunContext: (namespace) =>
        contexts.clear(pluginId, { runId, ...(namespace === undefined ? {} : { namespace }) }),
    };
  }
}

function isTerminal({ stream, data }: PluginAgentEvent): boolean {
  const phase = data["phase"];
  return stream === "lifecycle" && (phase === "end" || phase === "error" || phase === "aborted");
}

function withoutSecrets(data: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).filter(([key]) => !HIDDEN.test(key)));
}
