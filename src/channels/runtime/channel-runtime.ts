import type { ChannelConfig, ChannelPlugin } from "../../contracts/channel.ts";
import type { ChannelRuntime } from "../../contracts/channel-runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner } from "../../plugins/types.ts";
import type { AgentRuntime } from "../../runtime/agent/index.ts";
import type { Store } from "../../store/index.ts";
import { resolveGroupRule, resolveRequireMention } from "../access/groups.ts";
import * as mentions from "../access/mentions.ts";
import type { ChannelActivity } from "../activity.ts";
import { asRecord } from "../config-values.ts";
import type { ChannelDirectory } from "../directory.ts";
import * as commands from "../inbound/commands.ts";
import { type DebouncerOptions, InboundDebouncer, resolveInboundDebounceMs } from "../inbound/debouncer.ts";
import type { InboundPipeline } from "../inbound/pipeline.ts";
import * as acknowledgement from "../outbound/acknowledgement.ts";
import type { LiveReplies } from "../outbound/live-replies.ts";
import type { MessageOutlet } from "../outbound/outlet.ts";
import { resolveAgentRoute } from "../routing/agent-route.ts";
import { buildAgentSessionKey } from "../routing/session-key.ts";
import { buildInboundContext } from "./context.ts";
import { dispatchPlan, loosely, runInbound, runPreparedReply } from "./inbound-kernel.ts";
import { createIngressResolver } from "./ingress-resolver.ts";
import { createMediaNamespace } from "./media-namespace.ts";
import { createPairingNamespace } from "./pairing-namespace.ts";
import { createReplyNamespace } from "./reply-namespace.ts";
import { createRuntimeContexts } from "./runtime-contexts.ts";
import { createSessionNamespace } from "./session-namespace.ts";
import { createTextNamespace } from "./text-namespace.ts";

export interface ChannelRuntimeParts {
  store: Store;
  agent: AgentRuntime;
  hooks: HookRunner;
  directory: ChannelDirectory;
  config(): ChannelConfig;
  live: LiveReplies;
  clock: Clock;
  logger: Logger;
  activity: ChannelActivity;
  pipeline: InboundPipeline;
  outlet: MessageOutlet;
  /** Absolute path. */
  stateDir: string;
}

/** Builds `api.runtime.channel` (spec 1.19). Every function works on the durable path. */
export function createChannelRuntime(parts: ChannelRuntimeParts): ChannelRuntime {
  const { clock, config, directory, activity } = parts;
  const pluginOf = (channel: string | undefined): ChannelPlugin | undefined =>
    channel === undefined ? undefined : directory.get(channel);
  const inbound = {
    receive: parts.pipeline.receive.bind(parts.pipeline),
    buildContext: (params: Record<string, unknown>) => buildInboundContext(params, config()),
    run: loosely((params: Parameters<typeof runInbound>[1]) => runInbound(parts, params)),
    dispatch: loosely((plan: Parameters<typeof dispatchPlan>[1]) => dispatchPlan(parts, plan)),
    dispatchReply: loosely((plan: Parameters<typeof dispatchPlan>[1]) => dispatchPlan(parts, plan)),
    runPreparedReply: loosely((plan: Parameters<typeof runPreparedReply>[1]) =>
      runPreparedReply(parts, plan),
    ),
    ingress: createIngressResolver(parts),
  };
  return {
    inbound,
    turn: inbound,
    routing: { resolveAgentRoute, buildAgentSessionKey: loosely(buildAgentSessionKey) },
    reply: createReplyNamespace(parts),
    session: createSessionNamespace(parts),
    text: createTextNamespace(pluginOf),
    commands: {
      shouldComputeCommandAuthorized: (text?: string) => commands.shouldComputeCommandAuthorized(text),
      isControlCommandMessage: (text?: string) => commands.isControlCommandMessage(text),
      shouldHandleTextCommands: (params: { cfg?: ChannelConfig; surface?: string; commandSource?: string }) =>
        params.commandSource === "native" ||
        asRecord(params.cfg?.["commands"])["text"] !== false ||
        pluginOf(params.surface)?.capabilities.nativeCommands !== true,
      resolveCommandAuthorizedFromAuthorizers: commands.resolveCommandAuthorizedFromAuthorizers,
    },
    mentions: {
      buildMentionRegexes: mentions.buildMentionRegexes,
      matchesMentionPatterns: mentions.matchesMentionPatterns,
      matchesMentionWithExplicit: mentions.matchesMentionWithExplicit,
      implicitMentionKindWhen: mentions.implicitMentionKindWhen,
      resolveInboundMentionDecision: mentions.resolveInboundMentionDecision,
    },
    groups: {
      resolveRequireMention,
      resolveGroupPolicy: (params: Parameters<typeof resolveGroupRule>[0]) => {
        const rule = resolveGroupRule(params);
        return {
          allowlistEnabled: rule.policy === "allowlist",
          allowed: rule.policy === "open" || (rule.policy === "allowlist" && rule.listed),
          groupConfig: rule.entry,
          defaultConfig: rule.wildcard,
        };
      },
    },
    pairing: createPairingNamespace(parts),
    reactions: { ...acknowledgement },
    runtimeContexts: createRuntimeContexts(),
    activity: {
      record: (params: {
        channel: string;
        accountId?: string | null;
        direction: "inbound" | "outbound";
        at?: number;
      }) => activity.record({ ...params, at: params.at ?? clock.now() }),
      get: (params: { channel: string; accountId?: string | null }) => activity.get(params),
    },
    debounce: {
      resolveInboundDebounceMs,
      createInboundDebouncer: (options: Omit<DebouncerOptions<unknown>, "clock">) => {
        const debouncer = new InboundDebouncer({ ...options, clock });
        return {
          enqueue: (item: unknown) => debouncer.enqueue(item),
          shouldBuffer: (item: unknown) => debouncer.shouldBuffer(item),
          flushKey: (key: string) => debouncer.flushKey(key),
          cancelKey: (key: string) => debouncer.cancelKey(key).length > 0,
          drain: () => debouncer.drain(),
        };
      },
    },
    media: createMediaNamespace(parts.stateDir),
    outbound: {
      loadAdapter: async (channel: string) => pluginOf(channel)?.outbound,
    },
  };
}
