import { Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import {
  agentIds,
  agentSettings,
  agentWorkspaceDir,
  DEFAULT_AGENT_NAME,
  defaultAgentId,
} from "../../runtime/agent/index.ts";
import {
  imagesOf,
  MAX_MESSAGE_CHARS,
  parseSessionKey,
  sanitizeMessage,
} from "../../runtime/sessions/index.ts";
import type { DeliveryTarget, TurnOutcome, TurnRequest } from "../../store/records.ts";
import { type MethodContext, type MethodGroup, method } from "../rpc/method.ts";
import { joinRun } from "./conversation.ts";
import { AttachmentList, closed, open, Text } from "./shapes.ts";

const AgentParams = Type.Object(
  {
    message: Type.String({ minLength: 1, maxLength: MAX_MESSAGE_CHARS }),
    idempotencyKey: Text,
    agentId: Type.Optional(Text),
    sessionKey: Type.Optional(Type.String({ maxLength: 512 })),
    sessionId: Type.Optional(Type.String({ maxLength: 128 })),
    provider: Type.Optional(Type.String()),
    model: Type.Optional(Type.String()),
    thinking: Type.Optional(Type.String()),
    deliver: Type.Optional(Type.Boolean()),
    to: Type.Optional(Type.String()),
    replyTo: Type.Optional(Type.String()),
    channel: Type.Optional(Type.String()),
    replyChannel: Type.Optional(Type.String()),
    accountId: Type.Optional(Type.String()),
    replyAccountId: Type.Optional(Type.String()),
    threadId: Type.Optional(Type.String()),
    attachments: Type.Optional(AttachmentList),
    timeout: Type.Optional(Type.Integer({ minimum: 0 })),
    extraSystemPrompt: Type.Optional(Type.String()),
  },
  // The protocol lists some thirty further fields for runtimes this gateway does not have.
  open,
);

type AgentInput = {
  message: string;
  idempotencyKey: string;
  agentId?: string | undefined;
  sessionKey?: string | undefined;
  sessionId?: string | undefined;
  provider?: string | undefined;
  model?: string | undefined;
  thinking?: string | undefined;
  deliver?: boolean | undefined;
  to?: string | undefined;
  replyTo?: string | undefined;
  channel?: string | undefined;
  replyChannel?: string | undefined;
  accountId?: string | undefined;
  replyAccountId?: string | undefined;
  threadId?: string | undefined;
  attachments?: { content?: unknown; fileName?: string | undefined }[] | undefined;
  timeout?: number | undefined;
  extraSystemPrompt?: string | undefined;
};

const agent = method({
  name: "agent",
  // Choosing the model is an administrator's business (spec 3.4).
  scope: (params) =>
    (params as AgentInput).model || (params as AgentInput).provider ? "operator.admin" : "operator.write",
  params: AgentParams,
  result: Type.Object({ runId: Type.String(), status: Type.String() }, open),
  summary: "Runs an agent turn; answers at once that it was accepted, then again with its result.",
  idempotent: true,
  parks: true,
  async handler(context, params) {
    const { services } = context;
    const request = await turnOf(context, params as AgentInput);
    joinRun(context, request.runId);
    const accepted = await services.agent.accept(request);
    const { runId, sessionKey, agentId } = accepted;
    if (accepted.status === "in_flight") return { runId, status: "in_flight", sessionKey, agentId };
    context.respond({
      runId,
      ...(params.sessionKey === undefined && params.sessionId !== undefined ? {} : { sessionKey }),
      agentId,
      status: "accepted",
      acceptedAt: services.clock.now(),
    });
    const outcome = accepted.outcome ?? (await services.agent.wait(runId, MAX_WAIT_MS));
    if (!outcome) {
      throw new SluiceError("UNAVAILABLE", "the run was interrupted; it goes on after the restart", {
        retryable: true,
        details: { runId, status: "pending" },
      });
    }
    return resultOf(outcome);
  },
});

/** Longest a connection waits for one run: the longest a timer can hold. */
const MAX_WAIT_MS = 2_147_483_647;

async function turnOf({ services, caller }: MethodContext, params: AgentInput): Promise<TurnRequest> {
  const { sessions } = services;
  const key = params.sessionKey
    ? sessions.key(params.sessionKey, params.agentId)
    : params.sessionId
      ? sessions.key(`explicit:${params.sessionId}`, params.agentId)
      : sessions.key("main", params.agentId);
  const images = imagesOf(params.attachments ?? []);
  const model = params.model
    ? params.provider
      ? `${params.provider}/${params.model}`
      : params.model
    : undefined;
  const target = params.deliver ? await targetOf({ services }, key.sessionKey, params) : undefined;
  return {
    runId: params.idempotencyKey,
    ...key,
    origin: "agent",
    context: { gatewayClientScopes: [...caller.scopes] },
    text: sanitizeMessage(params.message),
    ...(images.length > 0 ? { images } : {}),
    ...(model ? { model } : {}),
    ...(params.thinking ? { thinking: params.thinking } : {}),
    ...(params.timeout === undefined ? {} : { timeoutMs: params.timeout * 1_000 }),
    ...(params.extraSystemPrompt ? { extraSystemPrompt: params.extraSystemPrompt } : {}),
    ...(target ? { deliver: target } : {}),
  };
}

/** Where `deliver: true` sends the answer: what the caller named, else where the session last spoke. */
async function targetOf(
  { services }: Pick<MethodContext, "services">,
  sessionKey: string,
  params: AgentInput,
): Promise<DeliveryTarget> {
  const entry = (await services.sessions.get(sessionKey))?.entry ?? {};
  const pick = (...values: unknown[]) =>
    values.find((value): value is string => typeof value === "string" && value !== "");
  const channel = pick(params.replyChannel, params.channel, entry["lastChannel"]);
  const to = pick(params.replyTo, params.to, entry["lastTo"]);
  if (!channel || !to) {
    throw new SluiceError("INVALID_REQUEST", "deliver needs a channel and a recipient: give channel and to");
  }
  const threadId = pick(params.threadId, entry["lastThreadId"]);
  return {
    channel,
    to,
    accountId: pick(params.replyAccountId, params.accountId, entry["lastAccountId"]) ?? "default",
    ...(threadId ? { threadId } : {}),
  };
}

/** The second response of `agent` (spec 5.7). @throws SluiceError `UNAVAILABLE` for a failed run */
function resultOf(outcome: TurnOutcome) {
  const { runId, usage } = outcome;
  if (outcome.status === "failed") {
    const summary = outcome.error?.message ?? "the run failed";
    throw new SluiceError("UNAVAILABLE", summary, {
      details: { runId, status: "error", summary, ...(outcome.error ? { reason: outcome.error.code } : {}) },
    });
  }
  const timedOut = outcome.stopReason === "timeout";
  const totals = usage && {
    input: usage.input,
    output: usage.output,
    cacheRead: usage.cacheRead,
    cacheWrite: usage.cacheWrite,
    total: usage.totalTokens,
    cost: { total: usage.cost.total },
  };
  return {
    runId,
    status: timedOut ? "timeout" : "ok",
    summary: outcome.status === "aborted" ? (outcome.stopReason ?? "aborted") : "completed",
    result: {
      payloads: outcome.payloads.map((payload) => ({
        text: payload.text,
        mediaUrl: null,
        ...(payload.isError ? { isError: true } : {}),
      })),
      meta: {
        durationMs: outcome.endedAt - outcome.startedAt,
        ...(outcome.status === "aborted" ? { aborted: true } : {}),
        ...(outcome.stopReason ? { stopReason: outcome.stopReason } : {}),
        agentMeta: {
          sessionId: outcome.sessionId,
          ...(outcome.provider ? { provider: outcome.provider, model: outcome.model } : {}),
          ...(totals ? { usage: totals, costUsd: usage?.cost.total ?? 0 } : {}),
        },
      },
    },
  };
}

const DEFAULT_AGENT_WAIT_MS = 30_000;

const wait = method({
  name: "agent.wait",
  scope: "operator.write",
  params: Type.Object({ runId: Text, timeoutMs: Type.Optional(Type.Integer({ minimum: 0 })) }, closed),
  result: Type.Object({ runId: Type.String(), status: Type.String() }, open),
  summary: "Waits for the end of a run.",
  idempotent: true,
  parks: true,
  async handler({ services }, { runId, timeoutMs = DEFAULT_AGENT_WAIT_MS }) {
    const outcome = await services.agent.wait(runId, Math.min(timeoutMs, MAX_WAIT_MS));
    if (outcome) {
      const timedOut = outcome.stopReason === "timeout";
      return {
        runId,
        status: outcome.status === "failed" ? "error" : timedOut ? "timeout" : "ok",
        startedAt: outcome.startedAt,
        endedAt: outcome.endedAt,
        ...(outcome.error ? { error: outcome.error.message } : {}),
        ...(outcome.stopReason ? { stopReason: outcome.stopReason } : {}),
      };
    }
    const active = services.agent.activeRuns().find((run) => run.runId === runId);
    if (active) return { runId, status: "timeout", startedAt: active.startedAt };
    const turn = await services.store.call.turns.get({ runId });
    if (!turn) throw new SluiceError("INVALID_REQUEST", `unknown run: ${runId}`);
    return { runId, status: "pending", timeoutPhase: "queue", providerStarted: false };
  },
});

const agentsList = method({
  name: "agents.list",
  scope: "operator.read",
  params: Type.Object({}, open),
  result: Type.Object(
    {
      defaultId: Type.String(),
      mainKey: Type.String(),
      scope: Type.String(),
      agents: Type.Array(Type.Object({ id: Type.String() }, open)),
    },
    open,
  ),
  summary: "Lists the agents.",
  idempotent: true,
  async handler({ services }) {
    const { config } = services.config.current();
    const agents = [];
    for (const id of agentIds(config)) {
      const settings = agentSettings(config, id);
      const primary = await services.models.defaultRef(id).catch(() => undefined);
      agents.push({
        id,
        ...(settings.name ? { name: settings.name } : {}),
        ...(settings.identity ? { identity: settings.identity } : {}),
        workspace: agentWorkspaceDir(config, services.facts.stateDir, id),
        ...(primary
          ? {
              model: { primary, ...(settings.fallbacks.length > 0 ? { fallbacks: settings.fallbacks } : {}) },
            }
          : {}),
      });
    }
    return {
      defaultId: defaultAgentId(config),
      ownership: "sole",
      selectionRequired: false,
      mainKey: services.sessions.mainKey,
      scope: "per-sender",
      agents,
    };
  },
});

const identity = method({
  name: "agent.identity.get",
  scope: "operator.read",
  params: Type.Object({ agentId: Type.Optional(Text), sessionKey: Type.Optional(Text) }, closed),
  result: Type.Object({ agentId: Type.String() }, open),
  summary: "Returns an agent's name and avatar.",
  idempotent: true,
  handler({ services }, params) {
    const { config } = services.config.current();
    const agentId =
      params.agentId ??
      (params.sessionKey && parseSessionKey(params.sessionKey)?.agentId) ??
      defaultAgentId(config);
    const settings = agentSettings(config, agentId);
    const named = settings.identity?.name ?? settings.name;
    const name = named ?? DEFAULT_AGENT_NAME;
    const { emoji, avatar } = settings.identity ?? {};
    return {
      agentId,
      name,
      nameSource: named ? "config" : "default",
      avatar: avatar ?? emoji ?? (name.at(0) ?? "A").toUpperCase(),
      ...(emoji ? { emoji } : {}),
    };
  },
});

const group: MethodGroup = [agent, wait, agentsList, identity];
export default group;
