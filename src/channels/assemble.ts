import { join } from "node:path";
import type { ChannelAccountSnapshot, ChannelConfig } from "../contracts/channel.ts";
import type { ChannelRuntime } from "../contracts/channel-runtime.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Logger } from "../kernel/logger.ts";
import type { HookRunner, RegistryReader } from "../plugins/types.ts";
import type { AgentRuntime } from "../runtime/agent/index.ts";
import { agentWorkspaceDir, defaultAgentId } from "../runtime/agent/index.ts";
import type { ConfigService } from "../runtime/config/index.ts";
import type { Store } from "../store/index.ts";
import { ChannelAccounts } from "./accounts/accounts.ts";
import { ChannelActivity } from "./activity.ts";
import type { ChannelFoundation } from "./foundation.ts";
import { type ConversationRooms, HostDesk } from "./inbound/host-desk.ts";
import { InboundPipeline } from "./inbound/pipeline.ts";
import type { SessionCommandParts } from "./inbound/session-commands.ts";
import { ChannelOperations } from "./operations.ts";
import { MessageOutlet } from "./outbound/outlet.ts";
import { OutboundPump } from "./outbound/pump.ts";
import { SessionAttachments } from "./outbound/session-attachments.ts";
import { RetentionSweep } from "./retention.ts";
import { createChannelRuntime } from "./runtime/channel-runtime.ts";
import { agentOfKey } from "./runtime/dispatch.ts";

export interface ChannelServiceParts {
  foundation: ChannelFoundation;
  store: Store;
  registry: RegistryReader;
  hooks: HookRunner;
  agent: AgentRuntime;
  config: ConfigService;
  clock: Clock;
  logger: Logger;
  /** Where approvals and bound conversations are decided; absent: neither exists. */
  rooms?: ConversationRooms;
  /** Where conversations begin afresh; absent: `/new` and `/reset` are ordinary words. */
  sessions?: SessionCommandParts["sessions"];
  /** Absolute path; for session store handles and received media. */
  stateDir: string;
  /** In [0, 1); spreads retries. */
  random?(): number;
}

/** The state of an account, each time it changes. */
export interface AccountStatus {
  channel: string;
  snapshot: ChannelAccountSnapshot;
}

/** What the service of channels is made of. */
export interface ChannelParts {
  readonly accounts: ChannelAccounts;
  readonly pump: OutboundPump;
  readonly pipeline: InboundPipeline;
  readonly desk: HostDesk;
  readonly runtime: ChannelRuntime;
  readonly operations: ChannelOperations;
  readonly attachments: SessionAttachments;
  readonly retention: RetentionSweep;
}

/** Builds the parts and tells each of the others; none has started. */
export function assembleChannels(
  parts: ChannelServiceParts,
  onStatus: (status: AccountStatus) => void,
): ChannelParts {
  const { foundation, store, hooks, agent, clock, registry } = parts;
  const { directory, live, config } = foundation;
  const logger = parts.logger.child("channels");
  const random = parts.random ?? Math.random;
  const activity = new ChannelActivity();
  const noteInbound = (channel: string, accountId: string) => {
    const at = clock.now();
    activity.record({ channel, accountId, direction: "inbound", at });
    accounts.get(channel, accountId)?.note({ lastInboundAt: at });
  };
  const noteOutbound = (channel: string, accountId: string) => {
    const at = clock.now();
    activity.record({ channel, accountId, direction: "outbound", at });
    accounts.get(channel, accountId)?.note({ lastOutboundAt: at });
  };
  const outlet = new MessageOutlet({ store, channels: directory, config, clock });
  const mediaFolder = join(parts.stateDir, "media");
  const mediaRoots = (sessionKey: string | undefined) => [
    workspaceOf(sessionKey, config(), parts.stateDir),
    mediaFolder,
  ];
  const pump = new OutboundPump({
    store,
    channels: directory,
    hooks,
    live,
    outlet,
    config,
    clock,
    logger,
    random,
    mediaRoots,
    onOutbound: noteOutbound,
    isReady: (channel, accountId) => accounts.get(channel, accountId)?.ready === true,
    signalOf: (channel, accountId) => accounts.get(channel, accountId)?.signal,
    accounts: () => accounts.list(),
  });
  foundation.messageTool.connect((message) => outlet.enqueue(message), logger, mediaFolder);
  outlet.listen((channel, accountId) => pump.poke(channel, accountId));
  const desk = new HostDesk({
    ...(parts.rooms ? { rooms: parts.rooms } : {}),
    registry,
    hooks,
    channels: directory,
    config,
    outlet,
    logger,
  });
  const pipeline = new InboundPipeline({
    store,
    desk,
    ...(parts.sessions ? { sessions: parts.sessions } : {}),
    agent,
    hooks,
    channels: directory,
    config,
    outlet,
    clock,
    logger,
    onInbound: noteInbound,
  });
  const runtime = createChannelRuntime({
    store,
    agent,
    hooks,
    directory,
    config,
    live,
    clock,
    logger,
    activity,
    pipeline,
    outlet,
    stateDir: parts.stateDir,
  });
  const accounts = new ChannelAccounts(directory, {
    clock,
    logger,
    config,
    random,
    runtime,
    hasRoutes: (plugin) => ownsRoutes(registry, plugin.id),
    onChange: (channel, snapshot) => {
      if (snapshot.running && snapshot.connected !== false) pump.poke(channel, snapshot.accountId);
      onStatus({ channel, snapshot });
    },
  });
  const operations = new ChannelOperations({
    foundation,
    accounts,
    outlet,
    pump,
    runtime,
    store,
    clock,
    logger: parts.logger,
  });
  const attachments = new SessionAttachments({
    store,
    channels: directory,
    outlet,
    mediaRoots,
    awaitDelivery: (outboxId, timeoutMs) => operations.awaitDelivery(outboxId, timeoutMs),
  });
  const retention = new RetentionSweep({ store, clock, logger, mediaFolder });
  return { accounts, pump, pipeline, desk, runtime, operations, attachments, retention };
}

/** Whether the plugin that owns a channel also registered HTTP routes. */
function ownsRoutes(registry: RegistryReader, channel: string): boolean {
  const generation = registry.current();
  const owner = generation.get("channel", channel)?.pluginId;
  return owner !== undefined && generation.list("httpRoute").some((route) => route.pluginId === owner);
}

/** Where the files of a session's agent live. */
function workspaceOf(sessionKey: string | undefined, cfg: ChannelConfig, stateDir: string): string {
  const agentId = sessionKey === undefined ? undefined : agentOfKey(sessionKey);
  return agentWorkspaceDir(cfg, stateDir, agentId ?? defaultAgentId(cfg));
}
