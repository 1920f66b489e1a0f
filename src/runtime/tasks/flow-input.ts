import type {
  CreateManagedFlow,
  EndFlow,
  FlowStatus,
  RequestFlowCancel,
  ResumeFlow,
  RunFlowTask,
  SetFlowWaiting,
  TaskDeliveryStatus,
  TaskNotifyPolicy,
  TaskRuntime,
} from "../../contracts/task-flows.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import { isJsonValue } from "../../plugins/registry/json-value.ts";
import type { FlowChange } from "../../store/procedures/flow-step.ts";
import type { CreateFlowInput } from "../../store/procedures/flows.ts";
import type { CreateTaskInput } from "../../store/procedures/tasks.ts";

export type FlowErrorCode = "INVALID_FLOW" | "FLOWS_FULL";

/** Longest goal, step, summary, label or task text, in characters. */
export const MAX_FLOW_TEXT = 16_384;

const FLOW_STATUSES: ReadonlySet<string> = new Set<FlowStatus>([
  "queued",
  "running",
  "waiting",
  "blocked",
  "succeeded",
  "failed",
  "cancelled",
  "lost",
]);
const POLICIES: ReadonlySet<string> = new Set<TaskNotifyPolicy>(["done_only", "state_changes", "silent"]);
const RUNTIMES: ReadonlySet<string> = new Set<TaskRuntime>(["subagent", "acp", "cron", "cli"]);
const DELIVERIES: ReadonlySet<string> = new Set<TaskDeliveryStatus>([
  "pending",
  "delivered",
  "session_queued",
  "failed",
  "dismissed",
  "parent_missing",
  "not_applicable",
]);

/** Who the calls are made for, and when. */
export interface FlowOwner {
  readonly ownerKey: string;
  readonly requesterOrigin?: unknown;
  now(): number;
}

/** Reads what a plugin passed into the row to be; every mistake is named. */
export function createInput(owner: FlowOwner, params: CreateManagedFlow): CreateFlowInput {
  const createdAt = time("createdAt", params.createdAt) ?? owner.now();
  return {
    flowId: newUuid(),
    ownerKey: owner.ownerKey,
    requesterOrigin: json("requesterOrigin", owner.requesterOrigin) ?? null,
    controllerId: required("controllerId", params.controllerId),
    goal: required("goal", params.goal),
    status: oneOf("status", params.status, FLOW_STATUSES) ?? "queued",
    notifyPolicy: oneOf("notifyPolicy", params.notifyPolicy, POLICIES) ?? "done_only",
    currentStep: text("currentStep", params.currentStep) ?? null,
    stateJson: json("stateJson", params.stateJson) ?? null,
    waitJson: json("waitJson", params.waitJson) ?? null,
    cancelRequestedAt: time("cancelRequestedAt", params.cancelRequestedAt) ?? null,
    createdAt,
    updatedAt: time("updatedAt", params.updatedAt) ?? createdAt,
    endedAt: time("endedAt", params.endedAt) ?? null,
  };
}

type Step = SetFlowWaiting & ResumeFlow & EndFlow & RequestFlowCancel;

/** The address, the revision and the change of one step. */
export function changeInput(owner: FlowOwner, kind: FlowChange["kind"], params: Partial<Step>) {
  const { expectedRevision } = params;
  if (typeof expectedRevision !== "number" || !Number.isSafeInteger(expectedRevision)) {
    throw invalid("expectedRevision", "must be the revision of the flow as it was read");
  }
  const change: FlowChange = { kind, updatedAt: time("updatedAt", params.updatedAt) ?? owner.now() };
  if (kind === "resume" && params.status !== undefined) {
    if (params.status !== "queued" && params.status !== "running") {
      throw invalid("status", 'must be "queued" or "running"');
    }
    change.status = params.status;
  }
  for (const name of ["currentStep", "blockedTaskId", "blockedSummary"] as const) {
    const value = text(name, params[name]);
    if (value !== undefined) change[name] = value;
  }
  for (const name of ["stateJson", "waitJson"] as const) {
    const value = json(name, params[name]);
    if (value !== undefined) change[name] = value;
  }
  for (const name of ["cancelRequestedAt", "endedAt"] as const) {
    const value = time(name, params[name]);
    if (value !== undefined) change[name] = value;
  }
  return { ownerKey: owner.ownerKey, flowId: idOf(params.flowId), expectedRevision, change };
}

export function taskInput(owner: FlowOwner, params: RunFlowTask): CreateTaskInput {
  const runtime = oneOf("runtime", params.runtime, RUNTIMES);
  if (!runtime) throw invalid("runtime", `must be one of ${[...RUNTIMES].join(", ")}`);
  const { status = "queued" } = params;
  if (status !== "queued" && status !== "running") throw invalid("status", 'must be "queued" or "running"');
  return {
    taskId: newUuid(),
    ownerKey: owner.ownerKey,
    flowId: idOf(params.flowId),
    runtime,
    task: required("task", params.task),
    sourceId: text("sourceId", params.sourceId) ?? null,
    runId: text("runId", params.runId) ?? null,
    childSessionKey: text("childSessionKey", params.childSessionKey) ?? null,
    parentTaskId: text("parentTaskId", params.parentTaskId) ?? null,
    agentId: text("agentId", params.agentId) ?? null,
    label: text("label", params.label) ?? null,
    status,
    // Nothing tells the requester about a child by itself: its controller does.
    deliveryStatus: oneOf("deliveryStatus", params.deliveryStatus, DELIVERIES) ?? "not_applicable",
    notifyPolicy: oneOf("notifyPolicy", params.notifyPolicy, POLICIES) ?? "done_only",
    startedAt: time("startedAt", params.startedAt) ?? null,
    lastEventAt: time("lastEventAt", params.lastEventAt) ?? null,
    progressSummary: text("progressSummary", params.progressSummary) ?? null,
    now: owner.now(),
  };
}

export function idOf(flowId: unknown): string {
  return typeof flowId === "string" ? flowId.trim() : "";
}

export function invalid(field: string, rule: string): SluiceError {
  return new SluiceError<FlowErrorCode>("INVALID_FLOW", `task flow: ${field} ${rule}`, {
    details: { field },
  });
}

function required(field: string, value: unknown): string {
  const given = text(field, value as string | undefined)?.trim() ?? "";
  if (given === "") throw invalid(field, "must be a text that is not empty");
  return given;
}

/** Undefined where nothing was given, null to clear. */
function text(field: string, value: string | null | undefined): string | null | undefined {
  if (value === undefined || value === null) return value;
  if (typeof value !== "string") throw invalid(field, "must be a text");
  if (value.length > MAX_FLOW_TEXT) throw invalid(field, `is longer than ${MAX_FLOW_TEXT} characters`);
  return value;
}

function json(field: string, value: unknown): string | null | undefined {
  if (value === undefined || value === null) return value;
  if (!isJsonValue(value)) throw invalid(field, "must be a JSON value within the limits of plugin values");
  return JSON.stringify(value);
}

function time(field: string, value: number | null | undefined): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Number.isFinite(value) || value < 0 || value > Number.MAX_SAFE_INTEGER) {
    throw invalid(field, "must be milliseconds since 1970");
  }
  return Math.trunc(value);
}

function oneOf<T extends string>(field: string, value: T | undefined, known: ReadonlySet<string>) {
  if (value === undefined) return undefined;
  if (!known.has(value)) throw invalid(field, `must be one of ${[...known].join(", ")}`);
  return value;
}
