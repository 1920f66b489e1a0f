import { Type } from "typebox";
import type { ApprovalDecision } from "../../contracts/hooks.ts";
import {
  MAX_APPROVAL_DESCRIPTION,
  MAX_APPROVAL_TIMEOUT_MS,
  MAX_APPROVAL_TITLE,
} from "../../runtime/workflow/index.ts";
import { decidedBy } from "../rpc/caller.ts";
import { type MethodGroup, method } from "../rpc/method.ts";
import { open, Text } from "./shapes.ts";

const Decision = Type.Union([Type.Literal("allow-once"), Type.Literal("allow-always"), Type.Literal("deny")]);
const Outcome = Type.Object(
  { id: Type.String(), createdAtMs: Type.Integer(), expiresAtMs: Type.Integer() },
  open,
);
const ALL: readonly ApprovalDecision[] = ["allow-once", "allow-always", "deny"];

const request = method({
  name: "plugin.approval.request",
  scope: "operator.approvals",
  params: Type.Object(
    {
      pluginId: Type.Optional(Text),
      title: Type.String({ minLength: 1, maxLength: MAX_APPROVAL_TITLE }),
      description: Type.Optional(Type.String({ maxLength: MAX_APPROVAL_DESCRIPTION })),
      severity: Type.Optional(
        Type.Union([Type.Literal("info"), Type.Literal("warning"), Type.Literal("critical")]),
      ),
      toolName: Type.Optional(Text),
      toolCallId: Type.Optional(Text),
      allowedDecisions: Type.Optional(Type.Array(Decision, { minItems: 1, maxItems: 3 })),
      agentId: Type.Optional(Text),
      sessionKey: Type.Optional(Text),
      timeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_APPROVAL_TIMEOUT_MS })),
      twoPhase: Type.Optional(Type.Boolean()),
    },
    open,
  ),
  result: Outcome,
  summary: "Asks an operator for a decision on behalf of a plugin and waits for it.",
  parks: true,
  async handler({ services, respond }, params) {
    const { twoPhase, timeoutMs, allowedDecisions, title, description, severity } = params;
    const { pluginId, toolName, toolCallId, agentId, sessionKey } = params;
    const opened = await services.approvals.request(
      {
        pluginId: pluginId ?? "",
        title,
        ...(description === undefined ? {} : { description }),
        severity: severity ?? "warning",
        allowedDecisions: allowedDecisions ?? ALL,
        ...(toolName === undefined ? {} : { toolName }),
        ...(toolCallId === undefined ? {} : { toolCallId }),
        ...(agentId === undefined ? {} : { agentId }),
        ...(sessionKey === undefined ? {} : { sessionKey }),
      },
      timeoutMs,
    );
    const { request: _shown, open: routed, ...facts } = opened;
    if (twoPhase) {
      respond({ status: "accepted", deliveryRoute: routed ? "approval-client" : "none", ...facts });
    }
    return services.approvals.wait(opened.id);
  },
});

const waitDecision = method({
  name: "plugin.approval.waitDecision",
  scope: "operator.approvals",
  params: Type.Object({ id: Text }, { additionalProperties: false }),
  result: Outcome,
  summary: "Waits for the decision on a plugin's question.",
  idempotent: true,
  parks: true,
  handler: ({ services }, { id }) => services.approvals.wait(id),
});

const resolve = method({
  name: "plugin.approval.resolve",
  scope: "operator.approvals",
  params: Type.Object(
    {
      id: Text,
      decision: Decision,
      reviewer: Type.Optional(Type.Object({ channel: Text, accountId: Text, senderId: Text })),
    },
    { additionalProperties: false },
  ),
  result: Type.Object({ ok: Type.Literal(true) }),
  summary: "Decides a plugin's question; the first answer counts.",
  idempotent: true,
  async handler({ services, caller }, { id, decision, reviewer }) {
    const by = reviewer ? ({ kind: "channel", id: reviewer.senderId } as const) : decidedBy(caller);
    await services.approvals.resolve(id, decision, by);
    return { ok: true as const };
  },
});

const list = method({
  name: "plugin.approval.list",
  scope: "operator.approvals",
  params: Type.Object({}, { additionalProperties: false }),
  result: Type.Array(Type.Object({ id: Type.String() }, open)),
  summary: "Lists the questions of plugins that wait for a decision.",
  idempotent: true,
  handler: ({ services }) => services.approvals.list(),
});

export default [request, waitDecision, resolve, list] satisfies MethodGroup;
