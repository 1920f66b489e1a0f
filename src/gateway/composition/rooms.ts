import { createChannelFoundation } from "../../channels/foundation.ts";
import { createChannelService } from "../../channels/service.ts";
import type { ChannelService } from "../../channels/types.ts";
import { packageRoot } from "../../kernel/package-root.ts";
import { RunningPrograms } from "../../kernel/running-programs.ts";
import { announceSdkHost } from "../../plugins/loading/sdk-host.ts";
import type { ActivatePlugins } from "../../plugins/types.ts";
import type { AgentRuntime } from "../../runtime/agent/index.ts";
import { createAgentRuntime, SystemEvents } from "../../runtime/agent/index.ts";
import type { Models } from "../../runtime/models/index.ts";
import { createModels } from "../../runtime/models/index.ts";
import { Sessions } from "../../runtime/sessions/index.ts";
import { createKeyedStores } from "../../runtime/state/index.ts";
import { TaskBook } from "../../runtime/tasks/index.ts";
import { webFetchTool, webSearchTool } from "../../runtime/web-search/index.ts";
import { ContextEngines, memoryTools } from "../../runtime/workflow/index.ts";
import type { EventHub } from "../events/hub.ts";
import { ownCommand } from "../host-command.ts";
import { createPluginRuntime, type RuntimeRooms } from "../plugin-runtime.ts";
import { createWorkflowRooms, type WorkflowRooms } from "../plugin-workflow.ts";
import { createSdkServices } from "../sdk/services.ts";
import type { Ground } from "./ground.ts";
import { createPluginRoom, openInstallBook, type PluginRoom } from "./plugin-room.ts";

/** What works behind the connections: plugins, agents, sessions, channels, tasks. */
export interface Rooms extends PluginRoom {
  readonly models: Models;
  readonly systemEvents: SystemEvents;
  readonly workflow: WorkflowRooms;
  readonly agent: AgentRuntime;
  readonly sessions: Sessions;
  readonly channels: ChannelService;
  readonly tasks: TaskBook;
}

/** Builds the rooms in the order of their floors; nothing in them runs before it is started. */
export async function openRooms(ground: Ground, hub: EventHub): Promise<Rooms> {
  const { scope, env, clock, stateDir, facts, logger, store, config } = ground;
  const keyedStores = scope.use(createKeyedStores({ store, clock, logger }), "plugin state");
  let opened = (): RuntimeRooms => {
    throw new Error("a plugin asked for its runtime before the gateway was composed");
  };
  const workflow = createWorkflowRooms({ store, config, clock, logger, hub, scope }, () => ({
    registry,
    agent,
    sessions,
    channels,
    records: () => plugins.records(),
  }));
  const coreToolNames = new Set<string>();
  const pluginRoom = createPluginRoom(ground, {
    hub,
    installs: await openInstallBook(ground),
    workflow,
    coreToolNames,
    openRooms: () => opened(),
  });
  const { plugins } = pluginRoom;
  const { registry, hooks } = plugins;
  const activate: ActivatePlugins = (trigger) => plugins.activate(trigger);
  const manifests = () => plugins.manifests();
  const models = createModels({
    registry,
    config,
    clock,
    logger,
    env,
    activate,
    manifests,
    stateDir,
    redactor: ground.redactor,
  });
  const systemEvents = new SystemEvents();
  const foundation = createChannelFoundation({ registry, config, clock });
  const coreTools = [
    ...foundation.tools,
    memoryTools(registry, logger),
    webSearchTool({ registry, config, env, activate }),
    webFetchTool({ registry, config, env, activate }),
  ];
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
      coreTools,
      injections: workflow.injections,
      extensions: workflow.extensions,
      approvals: workflow.approvals,
      bindings: workflow.bindings,
      activate,
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
      sessions,
      config,
      clock,
      logger,
      stateDir,
      rooms: { approvals: workflow.approvals, bindings: workflow.bindings },
    }),
    "channels",
  );
  const tasks = scope.use(new TaskBook({ store, agent, clock, logger }), "tasks");

  opened = () => ({
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
    activate,
    facade: (request) => plugins.facade(request),
    env,
    tasks,
    approvals: workflow.approvals,
    bindings: workflow.bindings,
    hostCommand: ownCommand(stateDir, ground.options),
  });
  scope.use(
    announceSdkHost(
      () =>
        createPluginRuntime(opened(), {
          pluginId: "plugin-sdk",
          pluginName: "Plugin SDK",
          origin: "bundled",
          rootDir: packageRoot(),
          scope,
          programs: scope.use(new RunningPrograms("the gateway"), "programs that the SDK runs"),
          signal: scope.signal,
          logger,
        }),
      hooks,
      createSdkServices(opened),
    ),
    "host of the plugin SDK",
  );
  return { ...pluginRoom, models, systemEvents, workflow, agent, sessions, channels, tasks };
}
