import type {
  GatewayDiscoveryContext,
  GatewayDiscoveryService,
  PluginService,
  PluginServiceContext,
} from "../contracts/registrations.ts";
import type { Clock } from "../kernel/clock.ts";
import { withDeadline } from "../kernel/deadline.ts";
import { errorMessage } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import type { RegistryEntry, RegistryGeneration } from "./types.ts";

/** How long a service may take to stop (spec 3.11). */
export const SERVICE_STOP_LIMIT_MS = 5_000;

/** How long others wait for a service to start; it may take longer by itself. */
export const SERVICE_START_WAIT_MS = 5_000;

interface Running {
  readonly entry: RegistryEntry;
  /** Settles when the start attempt is over, or when nobody waits for it any longer; never rejects. */
  readonly started: Promise<void>;
  /** Aborted when it has stopped, or its time to do so is over. */
  readonly ended: AbortController;
  stop(): void | Promise<void>;
}

export interface ServiceHostOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** `ended` aborts when this run of the service is over; its plugin may go on. */
  contextFor(entry: RegistryEntry<PluginService>, ended: AbortSignal): PluginServiceContext;
  onFailure(entry: RegistryEntry, what: string): void;
}

/**
 * Runs services and network announcements while the gateway is up. It follows the registry: what appears is
 * started, what disappears is stopped. Nothing a service does can fail the gateway.
 */
export class ServiceHost {
  readonly #options: ServiceHostOptions;
  readonly #running = new Map<RegistryEntry, Running>();
  #services = false;
  #discovery: GatewayDiscoveryContext | undefined;

  constructor(options: ServiceHostOptions) {
    this.#options = options;
  }

  /** Starts the services of this and all later generations. Resolves when each has started or failed. */
  async startServices(generation: RegistryGeneration): Promise<void> {
    this.#services = true;
    await this.follow(generation);
  }

  async startDiscovery(context: GatewayDiscoveryContext, generation: RegistryGeneration): Promise<void> {
    this.#discovery = context;
    await this.follow(generation);
  }

  /** Starts what is new in the generation. Stopping is the business of {@link ServiceHost.stop}. */
  async follow(generation: RegistryGeneration): Promise<void> {
    const started: Promise<void>[] = [];
    if (this.#services) {
      for (const entry of generation.list<PluginService>("service")) started.push(this.#startService(entry));
    }
    const context = this.#discovery;
    if (context) {
      for (const entry of generation.list<GatewayDiscoveryService>("gatewayDiscoveryService")) {
        started.push(this.#advertise(entry, context));
      }
    }
    await Promise.all(started);
  }

  /** Stops the services of these entries, newest first, each within its time. */
  async stop(selects: (entry: RegistryEntry) => boolean): Promise<void> {
    const stopping = [...this.#running.values()].filter(({ entry }) => selects(entry)).reverse();
    for (const running of stopping) this.#running.delete(running.entry);
    for (const { entry, stop, ended } of stopping) {
      const label = `stopping ${entry.kind} "${entry.key}" of plugin "${entry.pluginId}"`;
      try {
        // Also when it never finished starting: some services only return from start when they end.
        await withDeadline(Promise.resolve(stop()), SERVICE_STOP_LIMIT_MS, label, this.#options.clock);
      } catch (error) {
        this.#options.onFailure(entry, `${label}: ${errorMessage(error)}`);
      } finally {
        ended.abort();
      }
    }
  }

  /** Stops and starts running services that ask for it, for example because their settings changed. */
  async restart(selects: (entry: RegistryEntry) => boolean, generation: RegistryGeneration): Promise<void> {
    const selected = [...this.#running.keys()].filter((entry) => entry.kind === "service" && selects(entry));
    if (selected.length === 0) return;
    await this.stop((entry) => selected.includes(entry));
    await this.follow(generation);
  }

  async stopAll(): Promise<void> {
    this.#services = false;
    this.#discovery = undefined;
    await this.stop(() => true);
  }

  #startService(entry: RegistryEntry<PluginService>): Promise<void> {
    const ended = new AbortController();
    const context = () => this.#options.contextFor(entry, ended.signal);
    let made: PluginServiceContext | undefined;
    return this.#start(
      entry,
      ended,
      async () => {
        made = context();
        await entry.value.start(made);
      },
      () => entry.value.stop?.(made ?? context()),
    );
  }

  #advertise(entry: RegistryEntry<GatewayDiscoveryService>, context: GatewayDiscoveryContext): Promise<void> {
    let handle: { stop?(): void | Promise<void> } | undefined;
    return this.#start(
      entry,
      new AbortController(),
      async () => {
        handle = (await entry.value.advertise(context)) ?? undefined;
      },
      () => handle?.stop?.(),
    );
  }

  #start(
    entry: RegistryEntry,
    ended: AbortController,
    start: () => Promise<void>,
    stop: () => void | Promise<void>,
  ): Promise<void> {
    const known = this.#running.get(entry);
    if (known) return known.started;
    const label = `${entry.kind} "${entry.key}"`;
    const attempt = start().catch((error: unknown) => {
      this.#options.onFailure(entry, `${label} failed to start: ${errorMessage(error)}`);
    });
    const started = withDeadline(
      attempt,
      SERVICE_START_WAIT_MS,
      `starting ${label}`,
      this.#options.clock,
    ).catch((error: unknown) => this.#options.onFailure(entry, errorMessage(error)));
    this.#running.set(entry, { entry, started, ended, stop });
    return started;
  }
}
