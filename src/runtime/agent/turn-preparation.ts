import type { AgentHookContext } from "../../contracts/hooks.ts";
import type { Message, UserMessage } from "../../contracts/messages.ts";
import type { ToolRegistration } from "../../contracts/registrations.ts";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { commandGuidance } from "../../plugins/commands.ts";
import type { ActivatePlugins, HookRunner, RegistryReader } from "../../plugins/types.ts";
import type { BegunTurn } from "../../store/procedures/turns.ts";
import type { TurnRequest } from "../../store/records.ts";
import type { ConfigService } from "../config/types.ts";
import { clampThinkingLevel } from "../models/thinking.ts";
import type { Models, ResolvedModel } from "../models/types.ts";
import type { ContextEngines, EngineTurn } from "../workflow/context-engines.ts";
import type { ConversationBindings } from "../workflow/conversation-bindings.ts";
import { injectedText, type NextTurnInjections, type QueuedInjection } from "../workflow/injections.ts";
import { memoryPrompt } from "../workflow/memory-prompt.ts";
import type { SessionExtensions } from "../workflow/session-extensions.ts";
import type { Invocation } from "./invocation.ts";
import { contextBudget } from "./model-call-hooks.ts";
import { pluginCommandReply } from "./plugin-command.ts";
import { dispatchedReply } from "./reply-dispatch.ts";
import { type AgentSettings, agentDir, agentSettings, agentWorkspaceDir } from "./settings.ts";
import type { SystemEvents } from "./system-events.ts";
import { buildSystemPrompt } from "./system-prompt.ts";
import { toolAuthorityOf } from "./tool-authority.ts";
import type { TurnApprovals } from "./tool-call.ts";
import { emptyToolSet, materializeTools, restrictTools, type ToolSet } from "./tool-set.ts";
import {
  forModel,
  HISTORY_MAX_CHARS,
  historyMessages,
  parseMessage,
  repairPairs,
  textOf,
  withContext,
} from "./transcript-context.ts";

/** Share of a context window that earlier messages may fill; a token is taken as four characters. */
export const HISTORY_WINDOW_SHARE = 0.6;
/** What the user reads when a plugin blocks a turn without a text of its own. */
export const BLOCKED_TEXT = "This message was blocked by a plugin.";

export interface TurnParts {
  models: Models;
  registry: RegistryReader;
  hooks: HookRunner;
  config: ConfigService;
  clock: Clock;
  logger: Logger;
  stateDir: string;
  systemEvents: SystemEvents;
  /** Tools of the host itself; a plugin cannot take their names. */
  coreTools?: readonly ToolRegistration[];
  /** Context that plugins queued for the next turn. */
  injections?: Pick<NextTurnInjections, "take">;
  /** State of plugins in sessions. */
  extensions?: Pick<SessionExtensions, "readerFor">;
  /** The engine that makes the context of a turn, where one is selected. */
  contextEngines?: Pick<ContextEngines, "assemble" | "settled">;
  /** Where plugins' questions to operators go. */
  approvals?: TurnApprovals;
  /** Plugins may wait for their first use; without it all of them are there. */
  activate?: ActivatePlugins;
  /** Conversations that plugins own. */
  bindings?: Pick<ConversationBindings, "callsFor">;
}

/** Everything a turn's first model call needs. */
export interface ReadyTurn {
  kind: "ready";
  resolved: ResolvedModel;
  systemPrompt: string;
  /** Conversation with this turn's message and what it recorded before a restart. */
  messages: Message[];
  history: Message[];
  prompt: string;
  tools: ToolSet;
  thinking: string;
  hookContext: AgentHookContext;
  settings: AgentSettings;
  engineTurn: EngineTurn;
}

/** A hook answered instead of the model, or refused the turn. */
export interface HookReply {
  kind: "reply";
  text: string;
  blocked?: { category?: string };
  hookContext: AgentHookContext;
}

interface PromptFields {
  systemPrompt?: string;
  prependContext?: string;
  appendContext?: string;
  prependSystemContext?: string;
  appendSystemContext?: string;
  toolsAllow?: string[];
}

/** Runs the hooks before the model in the order of plugin-sdk 4.6 and puts the prompt together. */
export async function prepareTurn(
  parts: TurnParts,
  request: TurnRequest,
  begun: BegunTurn,
  invocation: Invocation,
): Promise<ReadyTurn | HookReply> {
  const { hooks } = parts;
  const config = parts.config.current().config;
  const settings = agentSettings(config, request.agentId);
  const hookContext: AgentHookContext = {
    ...contextOf(parts, request, begun),
    hookInvocation: { assertActive: invocation.assertCurrent },
  };
  const commanded = await pluginCommandReply(parts, request, hookContext, senderIsOwner(request));
  if (commanded) return commanded;
  const dispatched = await dispatchedReply(parts, request, hookContext);
  if (dispatched) return dispatched;
  const user = userMessage(request, begun, parts.clock);
  const legacy = hooks.has("before_agent_start")
    ? await hooks.run<PromptFields & { modelOverride?: string; providerOverride?: string }>(
        "before_agent_start",
        { prompt: request.text },
        hookContext,
      )
    : undefined;
  const choice = hooks.has("before_model_resolve")
    ? await hooks.run<{ modelOverride?: string; providerOverride?: string }>(
        "before_model_resolve",
        { prompt: request.text, attachments: attachmentsOf(request) },
        hookContext,
      )
    : undefined;
  const resolved = await parts.models.resolve(
    modelFor(request, begun, { ...legacy, ...dropUndefined(choice) }),
    request.agentId,
  );
  hookContext.modelProviderId = resolved.model.provider;
  hookContext.modelId = resolved.model.id;
  Object.assign(hookContext, contextBudget(resolved.model));

  if (hooks.has("before_agent_reply")) {
    const claimed = await hooks.run<{ handled: boolean; reply?: { text?: string } }>(
      "before_agent_reply",
      { cleanedBody: request.text },
      hookContext,
    );
    if (claimed?.handled) return { kind: "reply", text: claimed.reply?.text ?? "", hookContext };
  }

  const window = (resolved.model.contextWindow ?? 0) * 4 * HISTORY_WINDOW_SHARE;
  const history = historyMessages(
    begun.history,
    begun.own[0]?.seq ?? Number.MAX_SAFE_INTEGER,
    Math.min(window || HISTORY_MAX_CHARS, HISTORY_MAX_CHARS),
  ).map(forModel);
  const injections = (await parts.injections?.take(begun)) ?? [];
  const currentUserMessageId = begun.own[0]?.entryId;
  const turnPrompt = { history, hookContext, legacy, injections, currentUserMessageId };
  const fields = await promptFields(parts, request, turnPrompt);
  await parts.activate?.({ kind: "capability", capability: "tool" });
  await parts.activate?.({ kind: "contract", contract: "webSearchProviders" });
  const allTools = materializeTools({
    generation: parts.registry.current(),
    core: parts.coreTools ?? [],
    settings,
    senderIsOwner: senderIsOwner(request),
    logger: parts.logger,
    context: {
      config,
      runtimeConfig: config,
      getRuntimeConfig: () => parts.config.current().config,
      workspaceDir: agentWorkspaceDir(config, parts.stateDir, request.agentId),
      agentDir: agentDir(parts.stateDir, request.agentId),
      agentId: request.agentId,
      sessionKey: request.sessionKey,
      sessionId: begun.turn.sessionId,
      runId: request.runId,
      activeModel: { provider: resolved.model.provider, modelId: resolved.model.id, modelRef: resolved.ref },
      senderIsOwner: senderIsOwner(request),
      sandboxed: false,
      assertInvocationCurrent: invocation.assertCurrent,
      ...(request.deliver
        ? {
            deliveryContext: deliveryContextOf(request.deliver),
            messageChannel: request.deliver.channel,
            agentAccountId: request.deliver.accountId,
            messageTo: request.deliver.to,
            ...textField("messageThreadId", request.deliver.threadId),
          }
        : {}),
      ...textField("requesterSenderId", request.context?.["senderId"]),
      ...textField("chatType", request.context?.["chatType"]),
      ...textField("currentMessageId", request.context?.["messageId"]),
    },
  });
  const tools = toolsFor(allTools, request, fields.toolsAllow);
  const enriched = await authorisedContext(parts, request, { ...turnPrompt, tools, invocation });
  const toolNames = tools.tools.map(({ name }) => name);
  const { agentId, sessionKey } = request;
  const generation = parts.registry.current();
  const memory = await memoryPrompt(generation, { tools: toolNames, agentId, sessionKey }, parts.logger);
  const engineTurn = engineTurnOf(request, begun, resolved);
  const assembled = await parts.contextEngines?.assemble(engineTurn, {
    messages: history,
    prompt: request.text,
    tools: toolNames,
  });
  const context = assembled?.messages ?? history;
  const systemPrompt = systemPromptOf(parts, {
    settings,
    request,
    tools,
    resolved,
    fields,
    ...(memory === undefined ? {} : { memory }),
    ...(assembled?.systemPromptAddition ? { addition: assembled.systemPromptAddition } : {}),
  });
  const prompt = textOf(user);
  const own = begun.own
    // Without its own message when a plugin kept that out of the transcript.
    .slice(begun.own[0] && parseMessage(begun.own[0])?.role === "user" ? 1 : 0)
    .map(parseMessage)
    .filter((message) => message !== undefined);
  const asked = withContext(user, request.text, {
    prepend: joined(
      parts.systemEvents.drain(request.sessionKey),
      fields.prependContext,
      enriched.prependContext,
    ),
    ...dropUndefined({ append: joined(enriched.appendContext, fields.appendContext) }),
  });

  if (hooks.has("before_agent_run")) {
    const refusal = await gate(parts, request, { prompt, messages: context, systemPrompt, hookContext });
    if (refusal) return { kind: "reply", ...refusal, hookContext };
  }
  return {
    kind: "ready",
    resolved,
    systemPrompt,
    history: context,
    engineTurn,
    messages: [...context, asked, ...repairPairs(own).map(forModel)],
    prompt,
    tools,
    thinking: thinkingFor(request, begun, settings, resolved),
    hookContext,
    settings,
  };
}

interface TurnPrompt {
  history: Message[];
  hookContext: AgentHookContext;
  legacy: PromptFields | undefined;
  injections: readonly QueuedInjection[];
  /** Entry of the message in the transcript. */
  currentUserMessageId: string | undefined;
}

/**
 * What handlers add that were promised to run with the turn's tools settled (`requiresToolAuthority`): context
 * around the message and nothing else (plugin-sdk spec 4.6).
 */
async function authorisedContext(
  parts: TurnParts,
  request: TurnRequest,
  input: TurnPrompt & { tools: ToolSet; invocation: Invocation },
): Promise<{ prependContext?: string; appendContext?: string }> {
  const { history: messages, hookContext, tools, invocation, currentUserMessageId } = input;
  if (!parts.hooks.has("before_prompt_build")) return {};
  const toolAuthority = toolAuthorityOf(tools, request, invocation);
  const event = { prompt: request.text, messages, currentUserMessage: request.text, currentUserMessageId };
  const built = await parts.hooks.run<PromptFields>("before_prompt_build", event, {
    ...hookContext,
    toolAuthority,
  });
  return dropUndefined({ prependContext: built?.prependContext, appendContext: built?.appendContext });
}

async function promptFields(
  parts: TurnParts,
  request: TurnRequest,
  input: TurnPrompt,
): Promise<PromptFields> {
  const { hooks } = parts;
  const { history: messages, hookContext, legacy, injections, currentUserMessageId } = input;
  const prompt = request.text;
  const prepared = hooks.has("agent_turn_prepare")
    ? await hooks.run<PromptFields>(
        "agent_turn_prepare",
        { prompt, messages, queuedInjections: [...injections] },
        hookContext,
      )
    : undefined;
  const built = hooks.has("before_prompt_build")
    ? await hooks.run<PromptFields>(
        "before_prompt_build",
        { prompt, messages, currentUserMessage: prompt, currentUserMessageId },
        hookContext,
      )
    : undefined;
  const systemPrompt = built?.systemPrompt ?? legacy?.systemPrompt;
  return dropUndefined({
    systemPrompt,
    prependContext: joined(
      injectedText(injections, "prepend_context"),
      prepared?.prependContext,
      built?.prependContext,
      legacy?.prependContext,
    ),
    appendContext: joined(
      prepared?.appendContext,
      built?.appendContext,
      legacy?.appendContext,
      injectedText(injections, "append_context"),
    ),
    prependSystemContext: joined(built?.prependSystemContext, legacy?.prependSystemContext),
    appendSystemContext: joined(built?.appendSystemContext, legacy?.appendSystemContext),
    // A malformed list allows nothing: narrowing must never widen.
    toolsAllow:
      built?.toolsAllow === undefined ? undefined : Array.isArray(built.toolsAllow) ? built.toolsAllow : [],
  });
}

function systemPromptOf(
  parts: TurnParts,
  input: {
    settings: AgentSettings;
    request: TurnRequest;
    tools: ToolSet;
    resolved: ResolvedModel;
    fields: PromptFields;
    /** The part of memory plugins. */
    memory?: string;
    /** What the context engine adds. */
    addition?: string;
  },
): string {
  const { resolved, fields } = input;
  const own =
    fields.systemPrompt ??
    buildSystemPrompt({
      settings: input.settings,
      request: input.request,
      tools: input.tools,
      nowMs: parts.clock.now(),
      modelRef: resolved.ref,
      guidance: commandGuidance(parts.registry.current(), "openclaw_main"),
    });
  const base = joined(own, input.memory, input.addition) ?? own;
  const context = {
    config: parts.config.current().config,
    env: {},
    provider: resolved.model.provider,
    modelId: resolved.model.id,
    model: resolved.model,
  };
  try {
    const added = resolved.owner.resolveSystemPromptContribution?.(context);
    const full =
      joined(
        added?.stablePrefix,
        fields.prependSystemContext,
        base,
        fields.appendSystemContext,
        added?.dynamicSuffix,
      ) ?? base;
    return resolved.owner.transformSystemPrompt?.({ ...context, systemPrompt: full }) ?? full;
  } catch (error) {
    parts.logger.warn("a provider's prompt function failed", {
      provider: resolved.owner.id,
      error: errorMessage(error),
    });
    return joined(fields.prependSystemContext, base, fields.appendSystemContext) ?? base;
  }
}

async function gate(
  parts: TurnParts,
  request: TurnRequest,
  input: { prompt: string; messages: Message[]; systemPrompt: string; hookContext: AgentHookContext },
): Promise<{ text: string; blocked: { category?: string } } | undefined> {
  const { hookContext, ...event } = input;
  try {
    const verdict = await parts.hooks.run<{ outcome?: string; message?: string; category?: string }>(
      "before_agent_run",
      { ...event, ...dropUndefined(senderFields(request)) },
      hookContext,
    );
    if (verdict === undefined || verdict.outcome === "pass") return undefined;
    return {
      text: verdict.message ?? BLOCKED_TEXT,
      blocked: verdict.category === undefined ? {} : { category: verdict.category },
    };
  } catch (error) {
    parts.logger.warn("before_agent_run failed; the turn is blocked", { error: errorMessage(error) });
    return { text: BLOCKED_TEXT, blocked: { category: "hook-failure" } };
  }
}

function contextOf(parts: TurnParts, request: TurnRequest, begun: BegunTurn): AgentHookContext {
  return {
    runId: request.runId,
    agentId: request.agentId,
    sessionKey: request.sessionKey,
    sessionId: begun.turn.sessionId,
    workspaceDir: agentWorkspaceDir(parts.config.current().config, parts.stateDir, request.agentId),
    trigger: request.origin === "cron" ? "cron" : request.origin === "plugin" ? "manual" : "user",
    inputProvenance: provenanceOf(request),
    ...(request.deliver ? placeOf(request.deliver, request.context) : {}),
    ...textField("senderId", request.context?.["senderId"]),
  };
}

/** The chat that a turn answers, under the names hooks know it by. */
function placeOf(
  { channel, accountId, to }: NonNullable<TurnRequest["deliver"]>,
  context: TurnRequest["context"],
): Partial<AgentHookContext> {
  const chatId = textOrUndefined(context?.["conversationId"]) ?? to;
  const sender = textField("id", context?.["senderId"]);
  return {
    channel,
    channelId: channel,
    messageProvider: channel,
    accountId,
    chatId,
    channelContext: { sender, chat: { id: chatId } },
  };
}

function provenanceOf({ origin, deliver }: TurnRequest): NonNullable<AgentHookContext["inputProvenance"]> {
  if (origin !== "channel" && origin !== "chat") return { kind: "internal_system" };
  return { kind: "external_user", ...(deliver ? { sourceChannel: deliver.channel } : {}) };
}

function engineTurnOf(request: TurnRequest, begun: BegunTurn, resolved: ResolvedModel): EngineTurn {
  return {
    sessionId: begun.turn.sessionId,
    sessionKey: request.sessionKey,
    agentId: request.agentId,
    provider: resolved.model.provider,
    model: resolved.model.id,
    contextWindow: resolved.model.contextWindow ?? 0,
    ...(request.model === undefined ? {} : { requested: request.model }),
  };
}

function modelFor(
  request: TurnRequest,
  begun: BegunTurn,
  override: { modelOverride?: string; providerOverride?: string },
): string | undefined {
  const entry = begun.session.entry;
  const model = override.modelOverride ?? request.model ?? textOrUndefined(entry["modelOverride"]);
  const provider =
    override.providerOverride ??
    (override.modelOverride || request.model ? undefined : textOrUndefined(entry["providerOverride"]));
  if (model === undefined) return undefined;
  return provider && !model.startsWith(`${provider}/`) ? `${provider}/${model}` : model;
}

function thinkingFor(
  request: TurnRequest,
  begun: BegunTurn,
  settings: AgentSettings,
  resolved: ResolvedModel,
): string {
  const wanted =
    request.thinking ??
    textOrUndefined(begun.session.entry["thinkingLevel"]) ??
    settings.thinking ??
    resolved.thinking.defaultLevel;
  return clampThinkingLevel(wanted, resolved.thinking);
}

/** Where the answer of this turn goes, as tools see it. */
function deliveryContextOf({ channel, accountId, to, threadId }: NonNullable<TurnRequest["deliver"]>) {
  return { channel, accountId, to, ...(threadId === undefined ? {} : { threadId }) };
}

function toolsFor(all: ToolSet, request: TurnRequest, hookAllow: string[] | undefined): ToolSet {
  if (request.context?.["disableTools"] === true) return emptyToolSet;
  const asked = request.context?.["toolsAllow"];
  const narrowed = Array.isArray(asked) ? restrictTools(all, asked as string[]) : all;
  return hookAllow ? restrictTools(narrowed, hookAllow) : narrowed;
}

/** The recorded user message; what the model gets may say more than what the transcript keeps. */
function userMessage(request: TurnRequest, begun: BegunTurn, clock: Clock): UserMessage {
  const recorded = begun.own[0] && parseMessage(begun.own[0]);
  if (recorded?.role === "user") return recorded;
  return { role: "user", content: request.text, timestamp: clock.now() };
}

/** Operators of the gateway are owners; a channel says so of its sender. */
export function senderIsOwner(request: TurnRequest): boolean {
  const stated = request.context?.["senderIsOwner"];
  return typeof stated === "boolean" ? stated : request.origin !== "channel";
}

function senderFields(request: TurnRequest) {
  return {
    accountId: request.deliver?.accountId,
    channelId: request.deliver?.channel,
    senderId: textOrUndefined(request.context?.["senderId"]),
    senderIsOwner: senderIsOwner(request),
  };
}

function attachmentsOf(request: TurnRequest): { kind: string; mimeType: string }[] {
  return (request.images ?? []).map((image) => ({ kind: "image", mimeType: image.mimeType }));
}

function joined(...parts: (string | undefined)[]): string | undefined {
  const present = parts.filter((part) => part !== undefined && part !== "");
  return present.length > 0 ? present.join("\n\n") : undefined;
}

function textOrUndefined(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function textField<Key extends string>(key: Key, value: unknown): Partial<Record<Key, string>> {
  return typeof value === "string" && value !== "" ? ({ [key]: value } as Record<Key, string>) : {};
}

function dropUndefined<T extends object>(
  value: T | undefined,
): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, field]) => field !== undefined)) as never;
}
