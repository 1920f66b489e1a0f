import { NpmClient, PluginSearch } from "../../plugins/install/index.ts";
import { CLOSE } from "../../protocol/close-codes.ts";
import { agentFacts, sessionDefaults } from "../agent-facts.ts";
import { channelHealth, channelSummary } from "../channel-report.ts";
import { Handshake } from "../connection/handshake.ts";
import { helloOk } from "../connection/hello.ts";
import type { EventHub } from "../events/hub.ts";
import { HealthMonitor } from "../health.ts";
import { PluginRoutes } from "../http/plugin-routes.ts";
import { Presence } from "../presence.ts";
import { notePresence, presenceKey } from "../presence-entries.ts";
import { Dispatcher } from "../rpc/dispatcher.ts";
import { MethodTable } from "../rpc/method-table.ts";
import { WriteLimiter } from "../rpc/write-limiter.ts";
import { GatewayServer } from "../server.ts";
import type { GatewayServices } from "../services.ts";
import { allowedOrigins, autoApproveLocal, trustedProxies } from "../settings.ts";
import type { Access } from "./access.ts";
import type { Ground } from "./ground.ts";
import type { Rooms } from "./rooms.ts";

/** What meets the clients: the server, and what its methods can reach. */
export interface Front {
  readonly services: GatewayServices;
  readonly server: GatewayServer;
}

/** Builds the server over the rooms; it does not listen yet. */
export function createFront(ground: Ground, access: Access, hub: EventHub, rooms: Rooms): Front {
  const { scope, clock, logger, redactor, store, facts, progress, current } = ground;
  const { authentication, identity } = access;
  const { plugins, channels } = rooms;
  const { registry, hooks } = plugins;

  const presence = new Presence({
    clock,
    version: facts.version,
    bootId: facts.bootId,
    onChange: () => hub.publish("presence", { presence: presence.list() }, { stateVersion: stateVersion() }),
  });
  const agents = () => agentFacts(current());
  const sessionCount = async () => (await store.call.sessions.list({ limit: 1 })).totalCount;
  const health = scope.use(
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
  progress.measureEventLoop(() => health.eventLoop());
  const stateVersion = () => ({ presence: presence.version, health: health.version });

  const services: GatewayServices = {
    clock,
    logger,
    redactor,
    store,
    config: ground.config,
    registry,
    hooks,
    plugins,
    installs: rooms.installs,
    installer: rooms.installer,
    pluginSearch: new PluginSearch(new NpmClient({ env: ground.env, clock })),
    agent: rooms.agent,
    models: rooms.models,
    sessions: rooms.sessions,
    approvals: rooms.workflow.approvals,
    channels,
    systemEvents: rooms.systemEvents,
    hub,
    presence,
    health,
    identity,
    logFile: ground.logFile,
    facts,
    deliveries: {
      replayInbox: async (id) => (await channels.replayInbound(id)) !== undefined,
      replayOutbox: async (id) => (await channels.replayOutbound(id)) !== undefined,
    },
    devices: {
      connected: (deviceId) => [...server.connections].some((one) => one.isOpen && one.deviceId === deviceId),
      disconnect: (deviceId, role) =>
        server.disconnect((one) => one.concerns(deviceId, role), CLOSE.AUTH_CHANGED, "gateway auth changed"),
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
  const server: GatewayServer = new GatewayServer(
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
      readiness: progress,
      starting: () => !progress.isOpen("plugins"),
      trust: () => ({ allowedOrigins: allowedOrigins(current()), trustedProxies: trustedProxies(current()) }),
      hello: (grant, connId) =>
        helloOk({ services, table, authentication, sessionDefaults: defaults }, grant, connId),
      onOpen: (connection) => notePresence(presence, connection),
      onClose: (connection) => presence.left(presenceKey(connection)),
    },
    scope,
  );
  return { services, server };
}
