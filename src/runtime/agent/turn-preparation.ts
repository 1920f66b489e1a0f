import type { AgentHookContext, HookResult } from "../../contracts/hooks.ts";
import type { Message, UserMessage } from "../../contracts/messages.ts";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { BegunTurn } from "../../store/procedures/turns.ts";
import type { TurnRequest } from "../../store/records.ts";
import type { ResolvedModel } from "../models/types.ts";
import { citationsMode } from "../workflow/context-engines.ts";
import { memoryPrompt } from "../workflow/memory-prompt.ts";
import { bootstrapInstructions } from "./bootstrap-files.ts";
import { claimedReply } from "./dispatch-claim.ts";
import { Failover } from "./failover.ts";
import type { Invocation } from "./invocation.ts";
import { contextBudget } from "./model-call-hooks.ts";
import { modelCandidates } from "./model-candidates.ts";
import { pluginCommandReply } from "./plugin-command.ts";
import { dispatchedReply } from "./reply-dispatch.ts";
import { mediaUrlsOf } from "./reply-media.ts";
import { agentSettings } from "./settings.ts";
import { dropUndefined, joined, textField, textOrUndefined } from "./text-fields.ts";
import {
  forModel,
  HISTORY_MAX_CHARS,
  historyMessages,
  parseMessage,
  repairPairs,
  textOf,
  withContext,
} from "./transcript-context.ts";
import {
  attachmentsOf,
  engineTurnOf,
  hookContextOf,
  senderFields,
  senderIsOwner,
  thinkingFor,
} from "./turn-facts.ts";
import type { Blocked, HookReply, ReadyTurn, TurnParts } from "./turn-parts.ts";
import { authorisedContext, type PromptFields, promptFields, systemPromptOf } from "./turn-prompt.ts";
import { toolsOfTurn } from "./turn-tools.ts";

/** Share of a context window that earlier messages may fill; a token is taken as four characters. */
export const HISTORY_WINDOW_SHARE = 0.6;
/** What the user reads when a plugin blocks a turn without a text of its own. */
export const BLOCKED_TEXT = "This message was blocked by a plugin.";

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
    ...hookContextOf(parts, request, begun),
    hookInvocation: { assertActive: invocation.assertCurrent },
  };
  const claimed = await claimedReply(parts, request, begun.turn.createdAt, hookContext);
  if (claimed) return claimed;
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
  const failover = new Failover({
    models: parts.models,
    logger: parts.logger,
    agentId: request.agentId,
    runId: request.runId,
    profileId: textOrUndefined(begun.session.entry["authProfileOverride"]),
    candidates: modelCandidates(request, begun, settings, { ...legacy, ...dropUndefined(choice) }),
  });
  const resolved = await failover.first();
  hookContext.modelProviderId = resolved.model.provider;
  hookContext.modelId = resolved.model.id;
  Object.assign(hookContext, contextBudget(resolved.model));

  if (hooks.has("before_agent_reply")) {
    const answered = await hooks.run<HookResult<"before_agent_reply">>(
      "before_agent_reply",
      { cleanedBody: request.text },
      hookContext,
    );
    if (answered?.handled) {
      const { reply } = answered;
      return { kind: "reply", text: reply?.text ?? "", ...mediaUrlsOf(reply), hookContext };
    }
  }

  // What follows takes something that is there once; a turn that was stopped meanwhile leaves it to the next.
  invocation.assertCurrent();
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
  const tools = await toolsOfTurn(parts, request, {
    begun,
    resolved,
    settings,
    invocation,
    allow: fields.toolsAllow ?? [],
  });
  const enriched = await authorisedContext(parts, request, { ...turnPrompt, tools, invocation });
  const toolNames = tools.tools.map(({ name }) => name);
  const { agentId, sessionKey } = request;
  const generation = parts.registry.current();
  const about = { tools: toolNames, citationsMode: citationsMode(parts.config), agentId, sessionKey };
  const memory = await memoryPrompt(generation, about, parts.logger);
  const bootstrap = await bootstrapInstructions(parts, request, hookContext);
  const engineTurn = engineTurnOf(request, begun, resolved);
  const assembled = await parts.contextEngines?.assemble(engineTurn, {
    messages: history,
    prompt: request.text,
    tools: toolNames,
  });
  const context = assembled?.messages ?? history;
  const addition = joined(bootstrap, assembled?.systemPromptAddition);
  const systemPromptFor = (model: ResolvedModel) =>
    systemPromptOf(parts, {
      settings,
      request,
      tools,
      resolved: model,
      fields,
      ...(memory === undefined ? {} : { memory }),
      ...(addition === undefined ? {} : { addition }),
    });
  invocation.assertCurrent();
  const systemPrompt = systemPromptFor(resolved);
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
    failover,
    systemPrompt,
    systemPromptFor,
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

async function gate(
  parts: TurnParts,
  request: TurnRequest,
  input: { prompt: string; messages: Message[]; systemPrompt: string; hookContext: AgentHookContext },
): Promise<{ text: string; blocked: Blocked } | undefined> {
  const { hookContext, ...event } = input;
  try {
    const verdict = await parts.hooks.run<
      { outcome?: string; message?: unknown } & Record<keyof Blocked, unknown>
    >("before_agent_run", { ...event, ...dropUndefined(senderFields(request)) }, hookContext);
    if (verdict === undefined || verdict.outcome === "pass") return undefined;
    return {
      text: textOrUndefined(verdict.message) ?? BLOCKED_TEXT,
      blocked: { ...textField("pluginId", verdict.pluginId), ...textField("category", verdict.category) },
    };
  } catch (error) {
    parts.logger.warn("before_agent_run failed; the turn is blocked", { error: errorMessage(error) });
    return { text: BLOCKED_TEXT, blocked: { category: "hook-failure" } };
  }
}

/** The recorded user message; what the model gets may say more than what the transcript keeps. */
function userMessage(request: TurnRequest, begun: BegunTurn, clock: Clock): UserMessage {
  const recorded = begun.own[0] && parseMessage(begun.own[0]);
  if (recorded?.role === "user") return recorded;
  return { role: "user", content: request.text, timestamp: clock.now() };
}
