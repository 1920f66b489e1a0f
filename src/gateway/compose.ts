import { newUuid } from "../kernel/ids.ts";
import { Scope } from "../kernel/scope.ts";
import { CLOSE } from "../protocol/close-codes.ts";
import { agentWorkspaceDir, defaultAgentId } from "../runtime/agent/index.ts";
import type { ConfigSchemas } from "../runtime/config/index.ts";
import { openAccess } from "./composition/access.ts";
import { createFront } from "./composition/front.ts";
import { openGround } from "./composition/ground.ts";
import { openRooms, type Rooms } from "./composition/rooms.ts";
import { declaredSecrets } from "./declared-secrets.ts";
import { discoveryFacts, isDiscoverable } from "./discovery.ts";
import { EventLog } from "./events/event-log.ts";
import { EventHub } from "./events/hub.ts";
import { publishEvents } from "./events/sources.ts";
import type { GatewayOptions, RunningGateway } from "./gateway-options.ts";
import { portOf } from "./settings.ts";
import { reportSettingsProblems } from "./settings-problems.ts";
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
  let rooms: Rooms | undefined;
  // Plugins are known only after the configuration; until then no setting of theirs can be checked.
  const schemas = async (): Promise<ConfigSchemas> =>
    rooms?.plugins.configSchemas() ?? { plugins: {}, channels: {}, incomplete: true };
  const ground = await openGround(options, scope, schemas);
  const { env, clock, stateDir, logger, store, config, progress, current } = ground;
  const access = await openAccess(ground);
  const eventLog = await EventLog.open({ store, now: () => clock.now(), logger }, newUuid());
  const hub = new EventHub({ logger, log: eventLog });
  rooms = await openRooms(ground, hub);
  const { plugins, installer, workflow, agent, channels, tasks } = rooms;
  const { services, server } = createFront(ground, access, hub, rooms);

  const learnDeclared = async () => {
    for (const secret of declaredSecrets(await plugins.snapshot(), current())) services.redactor.add(secret);
  };
  publishEvents(services, scope);
  runUpkeep(services, scope);
  scope.use(
    config.onChange((next, previous) => {
      access.credentials.learn(next.config);
      learnDeclared().catch((error) => logger.warn("declared secrets could not be read", { error }));
      if (access.settings().secret !== access.credentials.settings(previous.config).secret) {
        server.disconnect(() => true, CLOSE.AUTH_CHANGED, "gateway auth changed");
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
  await learnDeclared();
  progress.opened("plugins");
  const { host } = access;
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
  progress.opened("agent");
  const recovered = await channels.start();
  progress.opened("channels");
  await plugins.startServices();
  progress.opened("services");
  if (isDiscoverable(current())) {
    await plugins.startDiscovery(discoveryFacts(current(), { host, port: address.port }));
  }
  await plugins.announceStart({ port: address.port }, () => ({ ...hookContext, config: current() }));
  const reportSettings = async () => reportSettingsProblems(config, await plugins.snapshot(), logger);
  const unreadable = (error: unknown) =>
    logger.warn("the settings of plugins could not be checked", { error });
  scope.use(
    config.onChange(() => void reportSettings().catch(unreadable)),
    "settings of plugins",
  );
  // Nobody waits for it: what is wrong with them stops no start.
  void reportSettings().catch(unreadable);
  logger.info("the gateway is ready", { port: address.port, host, resumedTurns: resumed, ...recovered });

  let stopped: Promise<void> | undefined;
  const stop = (reason: string) => {
    progress.stopping();
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
    token: access.settings().secret ?? "",
    stateDir,
    services,
    stop,
    dispose: () => stop("gateway stopping"),
  };
}
