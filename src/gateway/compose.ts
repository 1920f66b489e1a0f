import { createHmac } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createChannelFoundation, createChannelService } from "../channels/service.ts";
import { systemClock } from "../kernel/clock.ts";
import { newUuid } from "../kernel/ids.ts";
import { createLogger } from "../kernel/logger.ts";
import { packageRoot } from "../kernel/package-root.ts";
import { Redactor } from "../kernel/redaction.ts";
import { Scope } from "../kernel/scope.ts";
import { createPluginHost } from "../plugins/host.ts";
import {
  InstallBook,
  installHostOf,
  NpmClient,
  PluginInstaller,
  PluginSearch,
} from "../plugins/install/index.ts";
import { announceSdkHost } from "../plugins/loading/sdk-host.ts";
import { CLOSE } from "../protocol/close-codes.ts";
import { createAgentRuntime, SystemEvents } from "../runtime/agent/index.ts";
import { agentWorkspaceDir, defaultAgentId } from "../runtime/agent/settings.ts";
import { type ConfigSchemas, openConfig } from "../runtime/config/index.ts";
import { createModels } from "../runtime/models/index.ts";
import { Sessions } from "../runtime/sessions/index.ts";
import { createKeyedStores, resolveStateDir } from "../runtime/state/index.ts";
import { TaskBook } from "../runtime/tasks/index.ts";
import { ContextEngines } from "../runtime/workflow/context-engines.ts";
import { memoryTools } from "../runtime/workflow/memory-tools.ts";
import { openStore } from "../store/index.ts";
import { agentFacts, sessionDefaults } from "./agent-facts.ts";
import { channelHealth, channelSummary } from "./channel-report.ts";
import { AuthLimiter } from "./connection/auth-limiter.ts";
import { Authentication } from "./connection/authentication.ts";
import { Handshake } from "./connection/handshake.ts";
import { helloOk } from "./connection/hello.ts";
import { loadIdentity } from "./connection/identity.ts";
import { openCredentials } from "./credentials.ts";
import { discoveryFacts, isDiscoverable } from "./discovery.ts";
import { EventLog } from "./events/event-log.ts";
import { EventHub } from "./events/hub.ts";
import { publishEvents } from "./events/sources.ts";
import type { GatewayOptions, RunningGateway } from "./gateway-options.ts";
import { HealthMonitor } from "./health.ts";
import { PluginRoutes } from "./http/plugin-routes.ts";
import { LOCK_FILE_NAME, takeInstanceLock } from "./instance-lock.ts";
import { LogFile } from "./log-file.ts";
import { packageVersion } from "./package-version.ts";
import { createPluginRuntime, type RuntimeRooms } from "./plugin-runtime.ts";
import { createWorkflowRooms } from "./plugin-workflow.ts";
import { Presence } from "./presence.ts";
import { notePresence, presenceKey } from "./presence-entries.ts";
import { CATALOGUE } from "./rpc/catalogue.ts";
import { Dispatcher } from "./rpc/dispatcher.ts";
import { MethodTable } from "./rpc/method-table.ts";
import { WriteLimiter } from "./rpc/write-limiter.ts";
import { createSdkServices } from "./sdk/services.ts";
import { GatewayServer } from "./server.ts";
import type { GatewayServices } from "./services.ts";
import {
  allowedOrigins,
  assertGuarded,
  autoApproveLocal,
  configPathOf,
  hostOf,
  portOf,
  trustedProxies,
} from "./settings.ts";
import { DEFAULT_STOP_LIMIT_MS, shutDown } from "./shutdown.ts";
import { runUpkeep } from "./upkeep.ts";

/**
 * Builds a gateway and starts it: the one composition root. Parts are made in the order of their floors
 * and owned by one scope; two gateways can live in one process.
 *
 * @throws SluiceError with a code and a message that says what to do: `GATEWAY_ALREADY_RUNNING`,
 *   `PORT_IN_USE`, a `StoreErrorCode`, a `SettingsErrorCode`
 * @example
 * const gateway = await startGateway({ stateDir: "/srv/sluice", port: 0 });
 * console.log(gateway.url);
 * await gateway.stop("done");
 */
export async function startGateway(options: GatewayOptions = {}): Promise<RunningGateway> {
  const scope = new Scope("gateway");
  try {
    return await build(options, scope);
  } catch (error) {
    await scope.dispose().catch(() => {});
    throw error;
  }
}

async function build(options: GatewayOptions, scope: Scope): Promise<RunningGateway> {
  const env = options.env ?? process.env;
  const clock = options.clock ?? systemClock;
  const stateDir = options.stateDir ?? resolveStateDir(env);
  const facts = { version: packageVersion(), bootId: newUuid(), startedAt: clock.now(), stateDir };
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  scope.use(await takeInstanceLock(join(stateDir, LOCK_FILE_NAME)), "instance lock");

  const redactor = new Redactor();
  const logFile = scope.use(await LogFile.open(join(stateDir, "logs", "gateway.log")), "log file");
  const logger = createLogger({
    level: options.logLevel ?? "info",
    redactor,
    write: (line) => {
      logFile.write(line);
      options.onLog?.(line);
    },
  });

  const pending = new Set(["store", "configuration", "plugins", "agent", "channels", "services"]);
  let stopping = false;
  let health: HealthMonitor | undefined;
  const readiness = {
    failing: () => [...pending],
    draining: () => stopping,
    startedAt: facts.startedAt,
    version: facts.version,
    eventLoop: () => health?.eventLoop() ?? {},
  };

  const store = scope.use(
    await openStore({
      folder: stateDir,
      onFailure: (error) => {
        pending.add("store");
        logger.error("the store failed; restart the gateway", { error });
      },
    }),
    "store",
  );
  pending.delete("store");
  // Plugins are known only after the configuration; until then no setting of theirs can be checked.
  let pluginSchemas = async (): Promise<ConfigSchemas> => ({ plugins: {}, channels: {} });
  const config = scope.use(
    await openConfig({
      path: options.configPath ?? configPathOf(env, stateDir),
      store,
      clock,
      logger,
      redactor,
      env,
      schemas: () => pluginSchemas(),
    }),
    "configuration",
  );
  pending.delete("configuration");
  const current = () => config.current().config;

  const credentials = await openCredentials({
    given: options.token ?? (env["SLUICE_GATEWAY_TOKEN"] || undefined),
    config: current(),
    stateDir,
    redactor,
  });
  const settings = () => credentials.settings(current());
  const host = hostOf(options.bind, current());
  assertGuarded(host, settings());
  const identity = await loadIdentity(stateDir);
  const limiter = new AuthLimiter(clock);
  const tokenKey = createHmac("sha256", identity.privateKey.export({ format: "jwk" }).d ?? "")
    .update("sluice:device-tokens")
    .digest();
  const authentication = new Authentication({ settings, limiter, store, tokenKey });

  const eventLog = await EventLog.open({ store, now: () => clock.now(), logger }, newUuid());
  const hub = new EventHub({ logger, log: eventLog });
  const presence = new Presence({
    clock,
    version: facts.version,
    bootId: facts.bootId,
    onChange: () => hub.publish("presence", { presence: presence.list() }, { stateVersion: stateVersion() }),
  });

  const keyedStores = scope.use(createKeyedStores({ store, clock, logger }), "plugin state");
  let openRooms = (): RuntimeRooms => {
    throw new Error("a plugin asked for its runtime before the gateway was composed");
  };
  const workflow = createWorkflowRooms({ store, config, clock, logger, hub, scope }, () => ({
    registry,
    agent,
    sessions,
    records: () => plugins.records(),
  }));
  const installs = await InstallBook.open(stateDir);
  if (installs.problem) logger.error(`${installs.file} cannot be read`, { problem: installs.problem });
  const coreToolNames = new Set<string>();
  const plugins = createPluginHost({
    config,
    roots: {
      bundled: join(packageRoot(), "dist", "extensions"),
      global: join(stateDir, "extensions"),
      get installed() {
        return installs.folders();
      },
    },
    sdkFolder: join(packageRoot(), "dist", "plugin-sdk"),
    stateDir,
    logger,
    clock,
    env,
    core: { gatewayMethod: new Set(CATALOGUE.flatMap((group) => group.names)), tool: coreToolNames },
    runtimeFor: (_pluginId, owner) => createPluginRuntime(openRooms(), owner),
    publishEvent: (event, payload, pluginGuard) => hub.publish(event, payload, { pluginGuard }),
    workflow: workflow.services,
    ...(options.importModule === undefined ? {} : { importModule: options.importModule }),
    ...(options.ownsProcess ? { process: { logFile: logFile.file } } : {}),
  });
  const { registry, hooks } = plugins;
  const installer = new PluginInstaller({
    book: installs,
    config,
    host: installHostOf(plugins),
    hooks,
    clock,
    logger: logger.child("installs"),
    env,
    hostVersion: facts.version,
  });
  pluginSchemas = () => plugins.configSchemas();
  const models = createModels({ registry, config, clock, logger, env });
  const systemEvents = new SystemEvents();
  const foundation = createChannelFoundation({ registry, config, clock });
  for (const { names } of foundation.tools) for (const name of names) coreToolNames.add(name);
  const agent = scope.use(
    createAgentRuntime({
      store,
      models,
      registry,
      hooks,
      config,
      clock,
      logger,
      stateDir,
      systemEvents,
      replyPlanner: foundation.planner,
      coreTools: [...foundation.tools, memoryTools(registry, logger)],
      injections: workflow.injections,
      extensions: workflow.extensions,
      approvals: workflow.approvals,
      bindings: workflow.bindings,
      contextEngines: new ContextEngines({ registry, config, models, clock, logger, stateDir }),
    }),
    "agent runtime",
  );
  scope.use(
    agent.onEvent((event) => void plugins.deliverAgentEvent(event)),
    "agent events for plugins",
  );
  const sessions = new Sessions({
    store,
    agent,
    models,
    config,
    hooks,
    clock,
    logger,
    extensions: workflow.extensions,
    cleanUp: (reason, target) => plugins.cleanUp(reason, target),
  });
  scope.use(
    registry.onChange((_next, previous) => workflow.extensions.noteSlots(previous)),
    "slots of session extensions",
  );
  const channels = scope.use(
    createChannelService({
      foundation,
      store,
      registry,
      hooks,
      agent,
      config,
      clock,
      logger,
      stateDir,
      rooms: { approvals: workflow.approvals, bindings: workflow.bindings },
    }),
    "channels",
  );

  const tasks = scope.use(new TaskBook({ store, agent, clock, logger }), "tasks");

  openRooms = () => ({
    version: facts.version,
    stateDir,
    store,
    clock,
    logger,
    config,
    keyedStores,
    agent,
    models,
    sessions,
    systemEvents,
    channels,
    registry,
    env,
    tasks,
    approvals: workflow.approvals,
    bindings: workflow.bindings,
  });

  scope.use(
    announceSdkHost(
      () =>
        createPluginRuntime(openRooms(), {
          pluginId: "plugin-sdk",
          pluginName: "Plugin SDK",
          origin: "bundled",
          rootDir: packageRoot(),
          scope,
          signal: scope.signal,
          logger,
        }),
      hooks,
      createSdkServices(openRooms),
    ),
    "host of the plugin SDK",
  );

  const agents = () => agentFacts(current());
  const sessionCount = async () => (await store.call.sessions.list({ limit: 1 })).totalCount;
  health = scope.use(
    new HealthMonitor({
      clock,
      sources: {
        plugins: () => plugins.records(),
        channels: () => channelHealth(channels),
        agents,
        sessionCount,
      },
      onChange: (summary) => hub.publish("health", summary, { stateVersion: stateVersion() }),
    }),
    "health",
  );
  const monitor = health;
  const stateVersion = () => ({ presence: presence.version, health: monitor.version });

  let server: GatewayServer | undefined;
  const services: GatewayServices = {
    clock,
    logger,
    redactor,
    store,
    config,
    registry,
    hooks,
    plugins,
    installs,
    installer,
    pluginSearch: new PluginSearch(new NpmClient({ env, clock })),
    agent,
    models,
    sessions,
    approvals: workflow.approvals,
    channels,
    systemEvents,
    hub,
    presence,
    health: monitor,
    identity,
    logFile,
    facts,
    deliveries: {
      replayInbox: async (id) => (await channels.replayInbound(id)) !== undefined,
      replayOutbox: async (id) => (await channels.replayOutbound(id)) !== undefined,
    },
    devices: {
      connected: (deviceId) =>
        [...(server?.connections ?? [])].some((one) => one.isOpen && one.deviceId === deviceId),
      disconnect: (deviceId, role) =>
        server?.disconnect(
          (one) => one.deviceId === deviceId && (role === undefined || one.role === role),
          CLOSE.AUTH_CHANGED,
          "gateway auth changed",
        ),
    },
    sessionCount,
    agents,
    channelSummary: () => channelSummary(channels),
  };
  const table = new MethodTable(registry);
  const dispatcher = new Dispatcher({
    table,
    limiter: new WriteLimiter(clock),
    services,
    logger: logger.child("rpc"),
    redact: (text) => redactor.text(text),
  });
  const defaults = () => sessionDefaults(current(), registry.current().list("provider").length > 0);
  server = new GatewayServer(
    {
      clock,
      logger: logger.child("server"),
      hub,
      handshake: new Handshake({
        clock,
        store,
        authentication,
        hub,
        autoApproveLocal: () => autoApproveLocal(current()),
      }),
      authentication,
      dispatcher,
      routes: new PluginRoutes(registry),
      readiness,
      starting: () => pending.has("plugins"),
      trust: () => ({ allowedOrigins: allowedOrigins(current()), trustedProxies: trustedProxies(current()) }),
      hello: (grant, connId) =>
        helloOk({ services, table, authentication, sessionDefaults: defaults }, grant, connId),
      onOpen: (connection) => notePresence(presence, connection),
      onClose: (connection) => presence.left(presenceKey(connection)),
    },
    scope,
  );

  publishEvents(services, scope);
  runUpkeep(services, scope);
  scope.use(
    config.onChange((next, previous) => {
      credentials.learn(next.config);
      if (settings().secret !== credentials.settings(previous.config).secret) {
        server?.disconnect(() => true, CLOSE.AUTH_CHANGED, "gateway auth changed");
      }
    }),
    "secret rotation",
  );

  // Plugins are unloaded before the rooms they use are closed.
  scope.use(plugins, "plugins");
  await installer
    .recover()
    .catch((error) => logger.error("an interrupted installation could not be finished", { error }));
  await plugins.start();
  pending.delete("plugins");
  const address = await server.listen(portOf(options.port, env, current()), host);
  const hookContext = {
    port: address.port,
    config: current(),
    workspaceDir: agentWorkspaceDir(current(), stateDir, defaultAgentId(current())),
    abortSignal: scope.signal,
  };
  await workflow.approvals.restore();
  await workflow.bindings.restore();
  const { resumed } = await agent.resume();
  await tasks.start();
  pending.delete("agent");
  const recovered = await channels.start();
  pending.delete("channels");
  await plugins.startServices();
  pending.delete("services");
  if (isDiscoverable(current())) {
    await plugins.startDiscovery(discoveryFacts(current(), { host, port: address.port }));
  }
  await hooks.run("gateway_start", { port: address.port }, hookContext);
  logger.info("the gateway is ready", { port: address.port, host, resumedTurns: resumed, ...recovered });

  let stopped: Promise<void> | undefined;
  const stop = (reason: string) => {
    stopping = true;
    stopped ??= shutDown(services, {
      reason,
      limitMs: options.stopLimitMs ?? DEFAULT_STOP_LIMIT_MS,
      hookContext,
      eventLog,
      scope,
    });
    return stopped;
  };
  const authority = `${host.includes(":") ? `[${host}]` : host === "0.0.0.0" ? "127.0.0.1" : host}:${address.port}`;
  return {
    url: `ws://${authority}`,
    httpUrl: `http://${authority}`,
    host,
    port: address.port,
    token: settings().secret ?? "",
    stateDir,
    services,
    stop,
    dispose: () => stop("gateway stopping"),
  };
}
