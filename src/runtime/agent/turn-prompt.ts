import type { AgentHookContext } from "../../contracts/hooks.ts";
import type { Message } from "../../contracts/messages.ts";
import { errorMessage } from "../../kernel/errors.ts";
import { commandGuidance } from "../../plugins/commands.ts";
import type { TurnRequest } from "../../store/records.ts";
import { isCliModel } from "../cli-backends/index.ts";
import type { ResolvedModel } from "../models/types.ts";
import { sessionClassification } from "../sessions/session-key.ts";
import { injectedText, type QueuedInjection } from "../workflow/injections.ts";
import type { Invocation } from "./invocation.ts";
import type { AgentSettings } from "./settings.ts";
import { buildSystemPrompt } from "./system-prompt.ts";
import { dropUndefined, joined } from "./text-fields.ts";
import { toolAuthorityOf } from "./tool-authority.ts";
import { emptyToolSet, type ToolSet } from "./tool-set.ts";
import type { TurnParts } from "./turn-parts.ts";

/** What hooks say about the prompt of a turn. */
export interface PromptFields {
  systemPrompt?: string;
  prependContext?: string;
  appendContext?: string;
  prependSystemContext?: string;
  appendSystemContext?: string;
  /** What each handler allows; a tool has to be in all of the lists. */
  toolsAllow?: string[][];
}

export interface TurnPrompt {
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
export async function authorisedContext(
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

/** Asks the hooks that shape the prompt, and merges what they and the queued injections say. */
export async function promptFields(
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
    toolsAllow: built?.toolsAllow,
  });
}

const SURFACES: Readonly<Record<string, string>> = { subagent: "subagent", acp: "acp_backend" };

/** Whose prompt it is, for texts that are meant for some of them only (spec 3.5). */
function promptSurfaceOf({ sessionKey }: TurnRequest, byCommandLine: boolean): string {
  if (byCommandLine) return "cli_backend";
  return SURFACES[sessionClassification(sessionKey, "")] ?? "openclaw_main";
}

/** The system prompt: a hook's or the agent's own, with what memory, engine, hooks and provider add. */
export function systemPromptOf(
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
  const byCommandLine = isCliModel(resolved.model);
  const own =
    fields.systemPrompt ??
    buildSystemPrompt({
      settings: input.settings,
      request: input.request,
      // A command line has tools of its own.
      tools: byCommandLine ? emptyToolSet : input.tools,
      nowMs: parts.clock.now(),
      modelRef: resolved.ref,
      guidance: commandGuidance(parts.registry.current(), promptSurfaceOf(input.request, byCommandLine)),
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
