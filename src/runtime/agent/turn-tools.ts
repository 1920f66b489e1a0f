import type { BegunTurn } from "../../store/procedures/turns.ts";
import type { TurnRequest } from "../../store/records.ts";
import type { ResolvedModel } from "../models/types.ts";
import type { Invocation } from "./invocation.ts";
import { type AgentSettings, agentDir, agentWorkspaceDir } from "./settings.ts";
import { textField } from "./text-fields.ts";
import { emptyToolSet, materializeTools, restrictTools, type ToolSet } from "./tool-set.ts";
import { senderIsOwner } from "./turn-facts.ts";
import type { TurnParts } from "./turn-parts.ts";

/** What tools and their calls are made of, beside the tools of plugins: owners may wait for their first use. */
const NEEDED_CONTRACTS = [
  "webSearchProviders",
  "webFetchProviders",
  "agentToolResultMiddleware",
  "agentToolCallMiddleware",
  "trustedToolPolicies",
];

/** The tools of a turn: what plugins and the host offer, narrowed by the request and by hooks. */
export async function toolsOfTurn(
  parts: TurnParts,
  request: TurnRequest,
  turn: {
    begun: BegunTurn;
    resolved: ResolvedModel;
    settings: AgentSettings;
    invocation: Invocation;
    /** What hooks allow, a list of each; a tool has to be in all of them. */
    allow: readonly (readonly string[])[];
  },
): Promise<ToolSet> {
  const { begun, resolved, settings, invocation } = turn;
  const config = parts.config.current().config;
  await parts.activate?.({ kind: "capability", capability: "tool" });
  for (const contract of NEEDED_CONTRACTS) await parts.activate?.({ kind: "contract", contract });
  const allTools = materializeTools({
    generation: parts.registry.current(),
    core: parts.coreTools ?? [],
    settings,
    senderIsOwner: senderIsOwner(request),
    signals: { config, hasAuth: (provider) => parts.models.hasAuth(provider, request.agentId) },
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
  return toolsFor(allTools, request, turn.allow);
}

/** Where the answer of this turn goes, as tools see it. */
function deliveryContextOf({ channel, accountId, to, threadId }: NonNullable<TurnRequest["deliver"]>) {
  return { channel, accountId, to, ...(threadId === undefined ? {} : { threadId }) };
}

function toolsFor(all: ToolSet, request: TurnRequest, hookAllow: readonly (readonly string[])[]): ToolSet {
  if (request.context?.["disableTools"] === true) return emptyToolSet;
  const asked = request.context?.["toolsAllow"];
  const narrowed = Array.isArray(asked) ? restrictTools(all, asked as string[]) : all;
  return hookAllow.reduce(restrictTools, narrowed);
}
