import type { ChannelConfig, ChannelPlugin } from "../../contracts/channel.ts";
import type {
  ChannelRuntime,
  ReplyDispatcherOptions,
  ReplyOptions,
} from "../../contracts/channel-runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner } from "../../plugins/types.ts";
import type { AgentRuntime } from "../../runtime/agent/types.ts";
import type { Store } from "../../store/index.ts";
import { resolveGroupRule, resolveRequireMention } from "../access/groups.ts";
import * as mentions from "../access/mentions.ts";
import { buildPairingReply, newPairingCode } from "../access/pairing-codes.ts";
import type { ChannelActivity } from "../activity.ts";
import { asRecord, asText } from "../config-values.ts";
import type { ChannelDirectory } from "../directory.ts";
import * as commands from "../inbound/commands.ts";
import { type DebouncerOptions, InboundDebouncer, resolveInboundDebounceMs } from "../inbound/debouncer.ts";
import {
  formatAgentEnvelope,
  formatInboundEnvelope,
  resolveEnvelopeFormatOptions,
} from "../inbound/envelope.ts";
import type { InboundPipeline } from "../inbound/pipeline.ts";
import { resolveChunkMode, resolveTextChunkLimit } from "../outbound/chunk-plan.ts";
import type { LiveReplies } from "../outbound/live-replies.ts";
import type { MessageOutlet } from "../outbound/outlet.ts";
import { resolveAgentRoute } from "../routing/agent-route.ts";
import { buildAgentSessionKey, normalizeAccountId } from "../routing/session-key.ts";
import * as chunking from "../text/chunking.ts";
import * as markdown from "../text/markdown-chunking.ts";
import { convertMarkdownTables, type MarkdownTableMode } from "../text/tables.ts";
import { buildInboundContext, finalizeInboundContext } from "./context.ts";
import {
  createReplyDispatcher,
  type DispatchParams,
  dispatchContext,
  type ReplyDispatcher,
} from "./dispatch.ts";
import { dispatchPlan, loosely, runInbound, runPreparedReply } from "./inbound-kernel.ts";
import { createIngressResolver } from "./ingress-resolver.ts";
import { saveMediaBuffer } from "./media-store.ts";
import { createSessionNamespace } from "./session-namespace.ts";

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
    reply: replyNamespace(parts),
    session: createSessionNamespace(parts),
    text: {
      chunkText: chunking.chunkText,
      chunkByNewline: chunking.chunkByNewline,
      chunkTextWithMode: chunking.chunkTextWithMode,
      chunkMarkdownText: markdown.chunkMarkdownText,
      chunkMarkdownTextWithMode: markdown.chunkMarkdownTextWithMode,
      resolveChunkMode: (cfg: ChannelConfig, provider?: string, accountId?: string | null) =>
        resolveChunkMode(cfg, provider, accountId),
      resolveTextChunkLimit: (
        cfg: ChannelConfig,
        provider?: string,
        accountId?: string | null,
        options: { fallbackLimit?: number } = {},
      ) => resolveTextChunkLimit(cfg, pluginOf(provider), provider, accountId, options.fallbackLimit),
      resolveMarkdownTableMode: resolveTableMode,
      convertMarkdownTables,
      hasControlCommand: commands.hasControlCommand,
    },
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
    pairing: pairingNamespace(parts),
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
    media: {
      saveMediaBuffer: (
        buffer: Uint8Array,
        contentType?: string,
        subdir?: string,
        maxBytes?: number,
        originalFilename?: string,
      ) => saveMediaBuffer(parts.stateDir, buffer, contentType, subdir, maxBytes, originalFilename),
    },
    outbound: {
      loadAdapter: async (channel: string) => pluginOf(channel)?.outbound,
    },
  };
}

function replyNamespace(parts: ChannelRuntimeParts): Record<string, unknown> {
  const dispatch = (params: DispatchParams) => dispatchContext(parts, params);
  return {
    finalizeInboundContext,
    formatAgentEnvelope,
    formatInboundEnvelope,
    resolveEnvelopeFormatOptions,
    dispatchReplyWithBufferedBlockDispatcher: dispatch,
    dispatchReplyFromConfig: async (params: {
      ctx: DispatchParams["ctx"];
      cfg?: ChannelConfig;
      dispatcher: ReplyDispatcher;
      replyOptions?: ReplyOptions;
    }) => {
      const { dispatcher, ...rest } = params;
      const result = await dispatch({
        ...rest,
        dispatcherOptions: {
          // Through the dispatcher, so that its chain and its counts see the reply.
          deliver: async (payload) => {
            const before = dispatcher.getFailedCounts().final;
            dispatcher.sendFinalReply(payload);
            await dispatcher.waitForIdle();
            if (dispatcher.getFailedCounts().final > before)
              throw new Error("the reply could not be delivered");
          },
        },
      });
      return { ...result, counts: dispatcher.getQueuedCounts() };
    },
    createReplyDispatcherWithTyping: (options: ReplyDispatcherOptions) => {
      const dispatcher = createReplyDispatcher(options);
      return {
        dispatcher,
        replyOptions: { onReplyStart: () => options.onReplyStart?.() },
        markDispatchIdle: () => options.onIdle?.(),
        markRunComplete: () => {},
      };
    },
    withReplyDispatcher: async (params: {
      dispatcher: ReplyDispatcher;
      run(): unknown;
      onSettled?(): unknown;
    }) => {
      try {
        return await params.run();
      } finally {
        await settleDispatcher(params);
      }
    },
    settleReplyDispatcher: settleDispatcher,
    resolveHumanDelayConfig: (cfg: ChannelConfig) =>
      asRecord(asRecord(asRecord(cfg["agents"])["defaults"])["humanDelay"]),
    resolveEffectiveMessagesConfig: (cfg: ChannelConfig) => {
      const messages = asRecord(cfg["messages"]);
      const prefix = asText(messages["responsePrefix"]);
      return {
        messagePrefix: asText(messages["messagePrefix"]) ?? "",
        ...(prefix === undefined ? {} : { responsePrefix: prefix }),
      };
    },
  };
}

async function settleDispatcher(params: {
  dispatcher: ReplyDispatcher;
  onSettled?(): unknown;
}): Promise<void> {
  params.dispatcher.markComplete();
  await params.dispatcher.waitForIdle();
  await params.onSettled?.();
}

function pairingNamespace(parts: ChannelRuntimeParts): Record<string, unknown> {
  const { store, clock, logger } = parts;
  return {
    buildPairingReply,
    upsertPairingRequest: async (params: {
      channel: string;
      id: string;
      accountId?: string | null;
      meta?: Record<string, unknown>;
    }) => {
      const result = await store.call.channelPairing.request({
        channel: params.channel,
        accountId: normalizeAccountId(params.accountId),
        senderId: params.id.trim().toLowerCase(),
        code: newPairingCode(),
        ...(params.meta ? { meta: params.meta } : {}),
        now: clock.now(),
      });
      return { code: result.code, created: result.created };
    },
    readAllowFromStore: async (
      paramsOrChannel: string | { channel: string; accountId?: string | null },
      _env?: unknown,
      accountId?: string,
    ): Promise<string[]> => {
      const params =
        typeof paramsOrChannel === "string" ? { channel: paramsOrChannel, accountId } : paramsOrChannel;
      try {
        const rows = await store.call.channelPairing.list({
          status: "approved",
          channel: params.channel,
          accountId: normalizeAccountId(params.accountId),
          now: clock.now(),
        });
        return rows.map((row) => row.senderId);
      } catch (error) {
        // Nobody is let in when the list cannot be read.
        logger.error("the approved senders could not be read", { error: errorMessage(error) });
        return [];
      }
    },
    removeAllowFromStoreEntry: async (params: {
      channel: string;
      accountId?: string | null;
      entry: string;
    }) => {
      const key = { channel: params.channel, accountId: normalizeAccountId(params.accountId) };
      const changed = await store.call.channelPairing.revoke({
        ...key,
        senderId: params.entry.trim().toLowerCase(),
      });
      const rows = await store.call.channelPairing.list({ ...key, status: "approved", now: clock.now() });
      return { changed, allowFrom: rows.map((row) => row.senderId) };
    },
  };
}

function resolveTableMode(params: {
  cfg?: ChannelConfig;
  channel?: string;
  accountId?: string | null;
}): MarkdownTableMode {
  const channel = asRecord(asRecord(params.cfg?.["channels"])[params.channel ?? ""]);
  const mode = asText(asRecord(channel["markdown"])["tables"]) ?? asText(channel["tableMode"]);
  return mode === "off" || mode === "bullets" || mode === "block" ? mode : "code";
}
