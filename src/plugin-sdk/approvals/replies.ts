import type { MessagePresentation, PresentationButton } from "../interactive/presentation.ts";
import { isRecord } from "../values/records.ts";
import { normalizeOptionalString } from "../values/strings.ts";
import {
  APPROVAL_DECISIONS,
  type ApprovalDecision,
  decisionLabel,
  endedLabel,
  readDecisions,
} from "./decisions.ts";
import type { ApprovalKind, ApprovalRequest } from "./types.ts";

/** Where a reply keeps which approval it shows. */
const CHANNEL_DATA_KEY = "execApproval";
const KIND_LABELS: Record<ApprovalKind, string> = {
  exec: "Exec",
  plugin: "Plugin",
  "system-agent": "Change",
};

export interface ApprovalReplyMetadata {
  approvalId: string;
  approvalSlug: string;
  approvalKind: ApprovalKind;
  agentId?: string;
  allowedDecisions?: ApprovalDecision[];
  sessionKey?: string;
}

export interface ApprovalReplyPayload {
  text: string;
  presentation?: MessagePresentation;
  channelData?: Record<string, unknown>;
}

/** Buttons that decide one approval. */
export function buildTypedApprovalPresentation(params: {
  approvalId: string;
  approvalKind: ApprovalKind;
  allowedDecisions?: readonly ApprovalDecision[];
}): MessagePresentation {
  const { approvalId, approvalKind, allowedDecisions = APPROVAL_DECISIONS } = params;
  const buttons = allowedDecisions.map((decision) => ({
    label: decisionLabel(decision),
    style: styleOf(decision),
    action: { type: "approval", approvalId, approvalKind, decision },
  }));
  return { blocks: [{ type: "buttons", buttons }] };
}

interface ActionDescriptor {
  decision?: ApprovalDecision;
  label?: string;
  style?: PresentationButton["style"];
  action?: PresentationButton["action"];
  approvalId?: string;
  approvalKind?: ApprovalKind;
  command?: string;
}

/** Buttons of the actions that a view of an approval offers; `undefined` without any. */
export function buildApprovalPresentationFromActionDescriptors(
  actions: readonly ActionDescriptor[],
): MessagePresentation | undefined {
  const buttons = actions.flatMap((descriptor): PresentationButton[] => {
    const { decision, approvalId, approvalKind, command } = descriptor;
    const action =
      descriptor.action ??
      (decision && approvalId && approvalKind
        ? { type: "approval", approvalId, approvalKind, decision }
        : command
          ? { type: "command", command }
          : undefined);
    if (!action) return [];
    const style = descriptor.style ?? (decision && styleOf(decision));
    const label = descriptor.label ?? (decision ? decisionLabel(decision) : "Open");
    return [{ label, action, ...(style ? { style } : {}) }];
  });
  return buttons.length > 0 ? { blocks: [{ type: "buttons", buttons }] } : undefined;
}

/** A reply that shows an approval: the text, its buttons, and which approval it is. */
export function buildApprovalPendingReplyPayload(params: {
  approvalKind?: ApprovalKind;
  approvalId: string;
  approvalSlug?: string;
  text: string;
  agentId?: string | null;
  allowedDecisions?: readonly ApprovalDecision[];
  sessionKey?: string | null;
  channelData?: Record<string, unknown>;
}): ApprovalReplyPayload {
  const { approvalId, approvalKind = "exec", allowedDecisions = APPROVAL_DECISIONS, text } = params;
  const metadata: ApprovalReplyMetadata = {
    approvalId,
    approvalSlug: params.approvalSlug ?? approvalId.slice(0, 8),
    approvalKind,
    allowedDecisions: [...allowedDecisions],
    ...(params.agentId ? { agentId: params.agentId } : {}),
    ...(params.sessionKey ? { sessionKey: params.sessionKey } : {}),
  };
  return {
    text,
    presentation: buildTypedApprovalPresentation({ approvalId, approvalKind, allowedDecisions }),
    channelData: { ...params.channelData, [CHANNEL_DATA_KEY]: metadata },
  };
}

/** Which approval a reply shows; `null` when it shows none. */
export function getExecApprovalReplyMetadata(payload: {
  channelData?: unknown;
}): ApprovalReplyMetadata | null {
  const data = isRecord(payload.channelData) ? payload.channelData[CHANNEL_DATA_KEY] : undefined;
  if (!isRecord(data)) return null;
  const approvalId = normalizeOptionalString(data["approvalId"]);
  if (!approvalId) return null;
  const kind = data["approvalKind"];
  const allowedDecisions = readDecisions(data["allowedDecisions"]);
  const agentId = normalizeOptionalString(data["agentId"]);
  const sessionKey = normalizeOptionalString(data["sessionKey"]);
  return {
    approvalId,
    approvalSlug: normalizeOptionalString(data["approvalSlug"]) ?? approvalId.slice(0, 8),
    approvalKind: kind === "plugin" || kind === "system-agent" ? kind : "exec",
    ...(allowedDecisions ? { allowedDecisions } : {}),
    ...(agentId ? { agentId } : {}),
    ...(sessionKey ? { sessionKey } : {}),
  };
}

/** The question of a plugin, as text with buttons. */
export function buildPluginApprovalPendingReplyPayload(params: {
  request: ApprovalRequest;
  nowMs: number;
  allowedDecisions?: readonly ApprovalDecision[];
  text?: string;
}): ApprovalReplyPayload {
  const { request, nowMs } = params;
  const allowedDecisions = params.allowedDecisions ?? offeredBy(request);
  return buildApprovalPendingReplyPayload({
    approvalKind: "plugin",
    approvalId: request.id,
    text: params.text ?? pendingText("plugin", request, nowMs, allowedDecisions),
    allowedDecisions,
    agentId: request.request.agentId ?? null,
    sessionKey: request.request.sessionKey ?? null,
  });
}

/** A command that needs approval, as text with buttons. */
export function buildExecApprovalPendingReplyPayload(params: {
  approvalId: string;
  approvalSlug: string;
  /** What `/approve` is typed with. */
  approvalCommandId?: string;
  command: string;
  host: "gateway" | "node" | "sandbox";
  cwd?: string;
  nodeId?: string;
  ask?: string;
  warningText?: string;
  agentId?: string | null;
  allowedDecisions?: readonly ApprovalDecision[];
  sessionKey?: string | null;
  expiresAtMs?: number;
  nowMs?: number;
  [extra: string]: unknown;
}): ApprovalReplyPayload {
  const { approvalId, allowedDecisions = APPROVAL_DECISIONS } = params;
  const request: ApprovalRequest = {
    id: params.approvalCommandId ?? approvalId,
    expiresAtMs: params.expiresAtMs,
    request: {
      command: params.command,
      cwd: params.cwd,
      host: params.host,
      nodeId: params.nodeId,
      warningText: params.warningText,
    },
  };
  return buildApprovalPendingReplyPayload({
    approvalKind: "exec",
    approvalId,
    approvalSlug: params.approvalSlug,
    text: pendingText("exec", request, params.nowMs ?? Date.now(), allowedDecisions),
    allowedDecisions,
    ...(params.agentId ? { agentId: params.agentId } : {}),
    ...(params.sessionKey ? { sessionKey: params.sessionKey } : {}),
  });
}

export function buildPluginApprovalResolvedReplyPayload(params: {
  resolved: { id: string; decision: string | null; resolvedBy?: string | null; ts?: number };
}): ApprovalReplyPayload {
  const { id, decision, resolvedBy } = params.resolved;
  const by = resolvedBy ? ` by ${resolvedBy}` : "";
  return { text: `Plugin approval: ${endedLabel(decision)}${by}\nID: ${id}` };
}

/** The words of an approval that waits: what it is about, until when, and how it is answered. */
export function pendingText(
  kind: ApprovalKind,
  { id, request, expiresAtMs }: ApprovalRequest,
  nowMs: number,
  allowedDecisions: readonly ApprovalDecision[],
): string {
  const line = (label: string, value: unknown) =>
    typeof value === "string" && value !== "" ? [`${label}: ${value}`] : [];
  const about =
    kind === "exec"
      ? [String(request["command"] ?? request["commandText"] ?? "")]
      : [String(request["title"] ?? ""), String(request["description"] ?? "")];
  const leftMs = typeof expiresAtMs === "number" ? expiresAtMs - nowMs : 0;
  return [
    `${KIND_LABELS[kind]} approval required`,
    ...line("Warning", request["warningText"]),
    ...about.filter((text) => text !== ""),
    ...line("Folder", request["cwd"]),
    ...line("Host", request["host"]),
    ...line("Tool", request["toolName"]),
    ...line("Plugin", request["pluginId"]),
    ...line("Agent", request.agentId),
    `ID: ${id}`,
    ...(leftMs > 0 ? [`Expires in: ${Math.ceil(leftMs / 1_000)} s`] : []),
    `Answer with: /approve ${id} ${allowedDecisions.join("|")}`,
  ].join("\n");
}

/** The command that a request is about, as it is shown. */
export function resolveExecApprovalCommandDisplay(request: ApprovalRequest["request"]): {
  commandText: string;
  commandPreview: string | null;
} {
  const plan = request["systemRunPlan"];
  const planned = request["host"] === "node" && isRecord(plan) ? plan : {};
  const shown = [planned["commandText"], request["command"], request["commandText"]].map(
    normalizeOptionalString,
  );
  const commandText = shown.find((text) => text !== undefined) ?? "";
  const preview = normalizeOptionalString(planned["commandPreview"] ?? request["commandPreview"]);
  return { commandText, commandPreview: preview === undefined || preview === commandText ? null : preview };
}

/** The decisions that a command's request offers; all when it names none. */
export function resolveExecApprovalRequestAllowedDecisions(
  request: ApprovalRequest["request"],
): ApprovalDecision[] {
  return offeredBy({ id: "", request });
}

/** The decisions that a request offers; all when it names none. */
export function offeredBy({ request }: ApprovalRequest): ApprovalDecision[] {
  const stated = readDecisions(request["allowedDecisions"]);
  return stated && stated.length > 0 ? stated : [...APPROVAL_DECISIONS];
}

function styleOf(decision: ApprovalDecision): "success" | "primary" | "danger" {
  return decision === "deny" ? "danger" : decision === "allow-once" ? "success" : "primary";
}
