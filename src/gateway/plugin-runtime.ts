import type { ChannelService } from "../channels/types.ts";
import { PLUGIN_CONTRACT_VERSION } from "../contracts/contract-version.ts";
import type { PluginRuntime, PluginRuntimeLogger } from "../contracts/runtime.ts";
import { SluiceError } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import type { PluginHost } from "../plugins/host.ts";
import type { RuntimeOwner } from "../plugins/loading/load-environment.ts";
import type { ActivatePlugins, RegistryReader } from "../plugins/types.ts";
import type { AgentRuntime, SystemEvents } from "../runtime/agent/index.ts";
import { configNamespace } from "../runtime/config/index.ts";
import { generationNamespace, IMAGE, MUSIC, VIDEO } from "../runtime/generation/index.ts";
import { mediaNamespace } from "../runtime/media/index.ts";
import { mediaUnderstandingNamespace } from "../runtime/media-understanding/index.ts";
import { modelAuthNamespace, modelConfigNamespace } from "../runtime/models/index.ts";
import {
  agentNamespace,
  type ConversationRooms,
  llmNamespace,
  subagentNamespace,
} from "../runtime/plugin-runtime.ts";
import type { KeyedStores } from "../runtime/state/index.ts";
import type { HostCommand } from "../runtime/system/index.ts";
import { systemNamespace } from "../runtime/system/index.ts";
import { type TaskBook, tasksNamespace } from "../runtime/tasks/index.ts";
import { toolsNamespace } from "../runtime/tools/index.ts";
import { ttsNamespace } from "../runtime/tts/index.ts";
import { webSearchNamespace } from "../runtime/web-search/index.ts";
import type { ConversationBindings, PluginApprovals } from "../runtime/workflow/index.ts";

/** The rooms that `api.runtime` opens to plugins. */
export interface RuntimeRooms extends ConversationRooms {
  version: string;
  keyedStores: KeyedStores;
  systemEvents: SystemEvents;
  channels: ChannelService;
  registry: RegistryReader;
  activate: ActivatePlugins;
  facade: PluginHost["facade"];
  env: Readonly<Record<string, string | undefined>>;
  tasks: TaskBook;
  approvals: PluginApprovals;
  bindings: ConversationBindings;
  hostCommand: HostCommand;
}

/** Builds `api.runtime` for one instance of a plugin; what it acquires belongs to the instance's scope. */
export function createPluginRuntime(rooms: RuntimeRooms, owner: RuntimeOwner): PluginRuntime {
  const { agent, keyedStores, channels } = rooms;
  const { pluginId, scope } = owner;
  scope.defer(() => keyedStores.release(pluginId), "keyed stores");
  const tasks = tasksNamespace(rooms);
  const available: Partial<Record<keyof PluginRuntime, unknown>> = {
    version: PLUGIN_CONTRACT_VERSION,
    config: named("config", configNamespace(rooms.config, pluginId, owner.logger)),
    state: named("state", {
      /** Older plugins read the folder as a member. */
      dir: rooms.stateDir,
      resolveStateDir: () => rooms.stateDir,
      openKeyedStore: (options: Parameters<KeyedStores["openKeyedStore"]>[1]) =>
        keyedStores.openKeyedStore(pluginId, options),
      openSyncKeyedStore: (options: Parameters<KeyedStores["openSyncKeyedStore"]>[1]) =>
        keyedStores.openSyncKeyedStore(pluginId, options),
      openChannelIngressQueue: (options: { accountId?: string | null; now?: () => number } = {}) =>
        channels.openIngressQueue(pluginId, options),
    }),
    agent: named("agent", agentNamespace(rooms)),
    llm: named("llm", llmNamespace(rooms, pluginId)),
    tools: named("tools", toolsNamespace(rooms, pluginId)),
    tts: named("tts", ttsNamespace(rooms)),
    media: named("media", mediaNamespace()),
    mediaUnderstanding: named("mediaUnderstanding", mediaUnderstandingNamespace(rooms)),
    imageGeneration: named("imageGeneration", generationNamespace(rooms, IMAGE)),
    videoGeneration: named("videoGeneration", generationNamespace(rooms, VIDEO)),
    musicGeneration: named("musicGeneration", generationNamespace(rooms, MUSIC)),
    webSearch: named("webSearch", webSearchNamespace(rooms)),
    subagent: named("subagent", subagentNamespace(rooms, pluginId)),
    events: named("events", {
      onAgentEvent: (listener: Parameters<AgentRuntime["onEvent"]>[0]) =>
        released(scope.use(agent.onEvent(listener), "agent events")),
      onSessionTranscriptUpdate: (listener: (update: unknown) => void) =>
        released(
          scope.use(
            agent.onTranscript(({ sessionKey, agentId, entry }) =>
              listener({
                target: { agentId, sessionId: entry.sessionId, sessionKey },
                sessionKey,
                agentId,
                sessionId: entry.sessionId,
                message: JSON.parse(entry.body),
                messageId: entry.entryId,
                messageSeq: entry.seq,
                ...(entry.runId === undefined ? {} : { runId: entry.runId }),
              }),
            ),
            "transcript updates",
          ),
        ),
    }),
    logging: named("logging", {
      shouldLogVerbose: () => owner.logger.enabled("debug"),
      getChildLogger: (bindings?: object) => loggerFor(owner.logger.child(pluginId, bindings)),
    }),
    modelAuth: named("modelAuth", modelAuthNamespace(rooms)),
    modelConfig: named("modelConfig", modelConfigNamespace(rooms)),
    system: named("system", systemNamespace(rooms, owner.programs)),
    tasks: named("tasks", tasks),
    taskFlow: tasks.managedFlows,
    channel: channels.runtime,
  };
  return named("", available) as unknown as PluginRuntime;
}

function loggerFor(logger: Logger): PluginRuntimeLogger {
  return {
    debug: (message, meta) => logger.debug(message, meta),
    info: (message, meta) => logger.info(message, meta),
    warn: (message, meta) => logger.warn(message, meta),
    error: (message, meta) => logger.error(message, meta),
  };
}

function released(handle: { dispose(): unknown }): () => void {
  return () => void handle.dispose();
}

/** An object whose missing members say their name when they are used, instead of being undefined. */
function named<T extends object>(path: string, members: T): T {
  return new Proxy(members, {
    get(target, key, receiver) {
      if (typeof key === "symbol" || key in target || key === "then" || key === "toJSON") {
        return Reflect.get(target, key, receiver) as unknown;
      }
      const name = path === "" ? key : `${path}.${key}`;
      throw new SluiceError(
        "RUNTIME_MEMBER_MISSING",
        `api.runtime.${name} does not exist in this version; see the plugin documentation for what does`,
        { details: { member: name } },
      );
    },
  });
}
