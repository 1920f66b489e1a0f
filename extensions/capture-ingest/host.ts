import type { IncomingMessage, ServerResponse } from "node:http";
import type { PluginApi } from "sluice/plugin-sdk/plugin-entry";
import type { CaptureConfig } from "./config.ts";
import type { CaptureRoute, RouteFace } from "./http/routes.ts";
import type { CaptureService } from "./service.ts";

/** What `registerService` hands to `start`; only the parts used here. */
export interface ServiceContext {
  readonly config: Readonly<Record<string, unknown>>;
  readonly serviceHealth?: { reportFailure(error: unknown): void; clearFailure(): void };
  readonly gatewayEvents?: { emit(event: string, payload: object, options: { scope: string }): void };
}

const RESTART_DELAY_MS = 1_000;

/** The plugin's live parts between `start` and `stop`; everything heavy is imported on first use. */
export class CaptureHost {
  readonly #api: PluginApi;
  readonly #workerFolder: URL;
  #service: CaptureService | undefined;
  /** Set while there is nothing to serve. */
  #dormant: { config: CaptureConfig; stateDir: string; wake(): Promise<CaptureService> } | undefined;
  #waking: Promise<CaptureService> | undefined;
  #routes: Promise<CaptureRoute[]> | undefined;
  #listener: { dispose(): void | Promise<void> } | undefined;
  #search: Promise<import("./search/search.ts").VaultSearch> | undefined;
  #stopped = false;

  /** `workerFolder`: where the built worker files lie. */
  constructor(api: PluginApi, workerFolder: URL) {
    this.#api = api;
    this.#workerFolder = workerFolder;
  }

  async start(context: ServiceContext): Promise<void> {
    this.#stopped = false;
    const { readConfig } = await import("./config.ts");
    // The state folder of the whole program: the command line finds the same files without a gateway.
    const stateDir = this.#api.runtime.state.resolveStateDir();
    const environmentKey = process.env["API_KEY"] || undefined;
    const config = readConfig(this.#api.pluginConfig ?? {}, { stateDir, environmentKey });
    const { unused } = await import("./dormant.ts");
    if (await unused(config, stateDir)) {
      // Without a key nobody can send: a database and its thread would only cost memory.
      this.#dormant = { config, stateDir, wake: () => this.#open(context, config, stateDir) };
      this.#api.logger.info(
        'capture has no key yet: every request gets 401; make one with "sluice capture keys create <name>"',
      );
    } else await this.#open(context, config, stateDir);
    await this.#listen(config.listen, config.listenAsked);
  }

  async #open(context: ServiceContext, config: CaptureConfig, stateDir: string): Promise<CaptureService> {
    const [{ CaptureService }, { systemClock }] = await Promise.all([
      import("./service.ts"),
      import("sluice/plugin-sdk/foundation"),
    ]);
    const service = await CaptureService.start({
      stateDir,
      workerFile: this.#worker("capture"),
      config,
      clock: systemClock,
      log: this.#api.logger,
      onStored: (batch) => {
        context.gatewayEvents?.emit("stored", batch, { scope: "operator.read" });
      },
      onStalled: ({ tenant, plugin_id, source_type, device_id, last_seen }) =>
        context.gatewayEvents?.emit(
          "stalled",
          {
            tenant,
            plugin: plugin_id,
            sourceType: source_type,
            device: device_id.slice(0, 8),
            lastSeen: last_seen,
          },
          { scope: "operator.read" },
        ),
      onFailure: (error) => {
        context.serviceHealth?.reportFailure(error);
        void this.#restart(context);
      },
    });
    context.serviceHealth?.clearFailure();
    this.#dormant = undefined;
    this.#service = service;
    return service;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#close();
  }

  /** The running service; a dormant one wakes up. @throws SluiceError `CAPTURE_STARTING` */
  async service(): Promise<CaptureService> {
    if (this.#service) return this.#service;
    if (this.#dormant) {
      this.#waking ??= this.#dormant.wake().finally(() => {
        this.#waking = undefined;
      });
      return this.#waking;
    }
    const { starting } = await import("./service.ts");
    throw starting();
  }

  /** What answers a request: the service, or while there is no key somebody who knows none. */
  async #face(): Promise<RouteFace> {
    if (!this.#dormant) return this.service();
    const { dormantFace, unused } = await import("./dormant.ts");
    const { config, stateDir } = this.#dormant;
    return (await unused(config, stateDir)) ? dormantFace(config) : this.service();
  }

  async search(): Promise<import("./search/search.ts").VaultSearch> {
    const service = await this.service();
    this.#search ??= import("./search/search.ts").then(({ VaultSearch }) =>
      VaultSearch.open({ service, workerFile: this.#worker("search") }),
    );
    this.#search.catch(() => {
      this.#search = undefined;
    });
    return this.#search;
  }

  /** Handles a request to one of the capture paths. */
  async handle(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const routes = await this.#loadRoutes();
    return routes.find((route) => route.path === path)?.handler(request, response) ?? false;
  }

  #loadRoutes(): Promise<CaptureRoute[]> {
    this.#routes ??= Promise.all([
      import("./http/routes.ts"),
      import("./http/gate.ts"),
      import("sluice/plugin-sdk/foundation"),
    ]).then(([{ captureRoutes }, { Gate }, { systemClock, errorMessage }]) =>
      captureRoutes({
        face: () => this.#face(),
        gate: new Gate(systemClock),
        failed: (error, requestId) =>
          this.#api.logger.error(`a capture request failed: ${errorMessage(error)}`, { requestId }),
      }),
    );
    return this.#routes;
  }

  async #listen(address: string | undefined, asked: boolean): Promise<void> {
    if (address === undefined) return;
    const { logger } = this.#api;
    const { isLoopback, openListener } = await import("./http/listener.ts");
    try {
      this.#listener = await openListener(address, await this.#loadRoutes());
      logger.info(`capture also listens on http://${address}/api/v1/ingest`);
      if (!isLoopback(address))
        logger.warn(`capture listens on ${address} without TLS: captured data crosses the network readable`);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (asked) logger.error(text);
      else logger.warn(`${text}; the route on the gateway's own port works all the same`);
    }
  }

  async #restart(context: ServiceContext): Promise<void> {
    await this.#close().catch(() => {});
    await new Promise<void>((resolve) => setTimeout(resolve, RESTART_DELAY_MS).unref());
    if (this.#stopped) return;
    await this.start(context).catch((error) => {
      context.serviceHealth?.reportFailure(error);
      this.#api.logger.error(`capture could not be restarted: ${String(error)}`);
    });
  }

  async #close(): Promise<void> {
    const [service, listener, search] = [this.#service, this.#listener, this.#search];
    this.#service = undefined;
    this.#dormant = undefined;
    this.#listener = undefined;
    this.#search = undefined;
    await listener?.dispose();
    await (await search?.catch(() => undefined))?.dispose();
    await service?.dispose();
  }

  #worker(name: string): string {
    return decodeURIComponent(new URL(`./${name}.worker.cjs`, this.#workerFolder).pathname);
  }
}
