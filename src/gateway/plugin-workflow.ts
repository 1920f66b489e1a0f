import { approvalTargets } from "../channels/inbound/approval-targets.ts";
import type { ChannelService } from "../channels/types.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Logger } from "../kernel/logger.ts";
import type { Scope } from "../kernel/scope.ts";
import { entryOf, readPluginSettings } from "../plugins/activation/plugin-settings.ts";
import type { WorkflowServices } from "../plugins/api/workflow.ts";
import type { PluginRecord, RegistryReader } from "../plugins/types.ts";
import { satisfies } from "../protocol/scopes.ts";
import type { AgentRuntime } from "../runtime/agent/index.ts";
import type { ConfigService } from "../runtime/config/index.ts";
import type { Sessions } from "../runtime/sessions/index.ts";
import {
  ConversationBindings,
  NextTurnInjections,
  PluginApprovals,
  SessionExtensions,
} from "../runtime/workflow/index.ts";
import type { Store } from "../store/index.ts";
import type { EventHub } from "./events/hub.ts";

/** Parts that exist when the plugin host is made. */
interface EarlyParts {
  store: Store;
  config: ConfigService;
  clock: Clock;
  logger: Logger;
  hub: EventHub;
  scope: Scope;
}

/** Parts that are made from the plugin host, asked for when a plugin calls. */
interface LateParts {
  registry: RegistryReader;
  agent: AgentRuntime;
  sessions: Sessions;
  channels: Pick<ChannelService, "sendAttachment">;
  records(): readonly PluginRecord[];
}

/** What plugins do with sessions and turns over time, and the calls of their api that lead there. */
export interface WorkflowRooms {
  readonly injections: NextTurnInjections;
  readonly extensions: SessionExtensions;
  readonly approvals: PluginApprovals;
  readonly bindings: ConversationBindings;
  readonly services: WorkflowServices;
}

/** Builds the workflow room; `late` may be called once the gateway is composed. */
export function createWorkflowRooms(early: EarlyParts, late: () => LateParts): WorkflowRooms {
  const { store, config, clock, logger, hub, scope } = early;
  const injections = new NextTurnInjections({
    store,
    clock,
    mayInject: (pluginId) => {
      const settings = readPluginSettings(config.current().config);
      const loaded = late()
        .records()
        .some(({ id, status }) => id === pluginId && status === "loaded");
      return loaded && entryOf(settings, [pluginId]).hooks.allowPromptInjection;
    },
    sessionKey: (raw, agentId) => late().sessions.key(raw, agentId).sessionKey,
  });
  const extensions = new SessionExtensions({
    store,
    registry: { current: () => late().registry.current() },
    clock,
    logger,
  });
  const approvals = scope.use(
    new PluginApprovals({
      store,
      clock,
      logger,
      // The chat that a turn answers shows its questions, and so do the operator's; who may command there answers.
      hasRoute: (question) =>
        question.turnSourceChannel !== undefined ||
        approvalTargets(config.current().config, question).length > 0 ||
        [...hub.receivers].some(
          ({ role, scopes }) => role === "operator" && satisfies(scopes, "operator.approvals"),
        ),
    }),
    "plugin approvals",
  );
  scope.use(
    approvals.onEvent(({ kind, ...event }) => {
      if (kind !== "restored") hub.publish(`plugin.approval.${kind}`, event);
    }),
    "approval events",
  );
  const bindings = scope.use(
    new ConversationBindings({
      store,
      clock,
      logger,
      registry: { current: () => late().registry.current() },
      approvals,
    }),
    "conversation bindings",
  );
  const services: WorkflowServices = {
    enqueueNextTurnInjection: (pluginId, injection) => injections.enqueue(pluginId, injection),
    sendSessionAttachment: (pluginId, attachment) => {
      const { sessionKey } = late().sessions.key(attachment.sessionKey);
      return late().channels.sendAttachment(pluginId, { ...attachment, sessionKey });
    },
    emitAgentEvent: (event) => late().agent.publish(event),
    canonicalSessionKey: (sessionKey) => late().sessions.key(sessionKey).sessionKey,
    async cleanUp(pluginId, reason) {
      if (reason !== "disable") return;
      await store.call.injections.forgetPlugin({ pluginId, now: clock.now() });
      await extensions.forgetPlugin(pluginId);
    },
  };
  return { injections, extensions, approvals, bindings, services };
}
