import type { Clock } from "../kernel/clock.ts";
import { withDeadline } from "../kernel/deadline.ts";
import { errorMessage } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import type { TypedHookRunner } from "./hooks/runner.ts";
import type { LoadTrace } from "./loading/load-trace.ts";
import type { LoadedPlugin } from "./loading/loaded-plugin.ts";
import type { PluginRegistry } from "./registry/registry.ts";
import type { ServiceHost } from "./services.ts";
import type { RegistryEntry } from "./types.ts";

/** How long a start waits for handlers of `gateway_start`; they may go on for as long as they like. */
export const GATEWAY_START_WAIT_MS = 5_000;

export interface PublicationParts {
  readonly clock: Clock;
  readonly registry: PluginRegistry;
  readonly services: ServiceHost;
  readonly hooks: TypedHookRunner;
  readonly trace: LoadTrace;
  readonly logger: Logger;
  onFailure(error: unknown): void;
}

/** Shows what runs to everybody: as a generation of the registry, which the services follow. */
export class Publication {
  readonly #parts: PublicationParts;
  /** Generations of the instances that are published, in load order. */
  #order: readonly number[] = [];
  /** What {@link Publication.announceStart} was told. */
  #started: { readonly event: object; context(): object } | undefined;

  constructor(parts: PublicationParts) {
    this.#parts = parts;
  }

  /** Runs `gateway_start` in what runs now, and from now on in every instance that is new (spec 2.19). */
  async announceStart(event: object, context: () => object): Promise<void> {
    this.#started = { event, context };
    const { hooks, clock, logger } = this.#parts;
    const told = hooks.run("gateway_start", event, context());
    await withDeadline(told, GATEWAY_START_WAIT_MS, "gateway_start", clock).catch((error: unknown) =>
      logger.warn("plugins are still busy with gateway_start; the gateway does not wait for them", {
        error: errorMessage(error),
      }),
    );
  }

  /** Publishes when plugins came, went, were replaced or changed places. */
  async follow(loaded: Iterable<LoadedPlugin>): Promise<void> {
    const plugins = [...loaded].sort((a, b) => a.known.slot - b.known.slot);
    const order = plugins.map(({ instance }) => instance.generation);
    const before = this.#order;
    if (order.join() === before.join()) return;
    this.#order = order;
    await this.publish(plugins);
    const added = plugins.filter(({ instance }) => !before.includes(instance.generation));
    const ids = new Set(added.map(({ instance }) => instance.pluginId));
    if (!this.#started || ids.size === 0) return;
    const { event, context } = this.#started;
    // Nobody waits: what a plugin does at the start may take its time.
    this.#parts.hooks
      .tell("gateway_start", event, context(), (id) => ids.has(id))
      .catch((error) => this.#parts.onFailure(error));
  }

  /** Publishes whether or not something changed. */
  publish(loaded: Iterable<LoadedPlugin>): Promise<void> {
    return this.#parts.trace.phase("publish", undefined, () => this.#publish(loaded));
  }

  async #publish(loaded: Iterable<LoadedPlugin>): Promise<void> {
    const { registry, services } = this.#parts;
    registry.publish([...loaded].map(({ draft, known }) => ({ draft, slot: known.slot })));
    // While something stops, a plugin may register more and publish again: only the newest generation counts.
    await services.stop((entry: RegistryEntry) => !registry.current().list(entry.kind).includes(entry));
    await services.follow(registry.current());
  }
}
