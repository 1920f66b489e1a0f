/** Multi-step work that survives restarts (channels-providers-runtime spec 4.6, gateway protocol 13). */

/** The last four are ends. */
export type FlowStatus =
  | "queued"
  | "running"
  | "waiting"
  | "blocked"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "lost";

/** All but the first two are ends. */
export type TaskStatus = "queued" | "running" | "succeeded" | "failed" | "timed_out" | "cancelled" | "lost";

/** What kind of work a record stands for. */
export type TaskRuntime = "subagent" | "acp" | "cron" | "cli";

/** When whoever asked for the work hears of it. */
export type TaskNotifyPolicy = "done_only" | "state_changes" | "silent";

/** Whether the result has reached whoever asked for it. */
export type TaskDeliveryStatus =
  | "pending"
  | "delivered"
  | "session_queued"
  | "failed"
  | "dismissed"
  | "parent_missing"
  | "not_applicable";

/** One flow. Times are milliseconds since the epoch. */
export interface FlowRecord {
  flowId: string;
  syncMode: "managed" | "task_mirrored";
  /** The session key that owns it. */
  ownerKey: string;
  requesterOrigin?: unknown;
  controllerId?: string;
  /** 0 when created, one more after each applied change. */
  revision: number;
  status: FlowStatus;
  notifyPolicy: TaskNotifyPolicy;
  goal: string;
  currentStep?: string;
  blockedTaskId?: string;
  blockedSummary?: string;
  stateJson?: unknown;
  waitJson?: unknown;
  /** Sticky: a flow with it gets no more children and ends as `cancelled`. */
  cancelRequestedAt?: number;
  createdAt: number;
  updatedAt: number;
  endedAt?: number;
}

/** A record of work that runs elsewhere; it starts nothing. */
export interface TaskRecord {
  taskId: string;
  runtime: TaskRuntime;
  sourceId?: string;
  runId?: string;
  requesterSessionKey: string;
  ownerKey: string;
  scopeKind: "session" | "system";
  childSessionKey?: string;
  parentFlowId?: string;
  parentTaskId?: string;
  agentId?: string;
  label?: string;
  task: string;
  status: TaskStatus;
  deliveryStatus: TaskDeliveryStatus;
  notifyPolicy: TaskNotifyPolicy;
  createdAt: number;
  startedAt?: number;
  endedAt?: number;
  lastEventAt?: number;
  error?: string;
  progressSummary?: string;
}

/** The children of a flow, counted. */
export interface FlowTaskSummary {
  total: number;
  active: number;
  terminal: number;
  byStatus: Record<TaskStatus, number>;
}

/** A change at a revision: applied, or why not, with the flow as it is. */
export type FlowMutation =
  | { applied: true; flow: FlowRecord }
  | {
      applied: false;
      code: "not_found" | "not_managed" | "revision_conflict" | "persist_failed";
      current?: FlowRecord;
    };

/** A linked child, or why there is none. */
export type FlowTaskResult =
  | { created: true; flow: FlowRecord; task: TaskRecord }
  | { created: false; found: boolean; reason: string; flow?: FlowRecord };

/** Whether the flow has ended; `tasks` are its children. */
export interface FlowCancelResult {
  found: boolean;
  cancelled: boolean;
  reason?: string;
  flow?: FlowRecord;
  tasks?: TaskRecord[];
}

/** A field that is left out stays; null clears it. */
interface FlowPatch {
  flowId: string;
  expectedRevision: number;
  updatedAt?: number;
}

/** A flow to begin with. Times are milliseconds since the epoch. */
export interface CreateManagedFlow {
  controllerId: string;
  goal: string;
  status?: FlowStatus;
  notifyPolicy?: TaskNotifyPolicy;
  currentStep?: string | null;
  stateJson?: unknown;
  waitJson?: unknown;
  cancelRequestedAt?: number | null;
  createdAt?: number;
  updatedAt?: number;
  endedAt?: number | null;
}

/** Puts a flow on hold: waiting, or blocked when something is named that blocks it. */
export interface SetFlowWaiting extends FlowPatch {
  currentStep?: string | null;
  stateJson?: unknown;
  waitJson?: unknown;
  blockedTaskId?: string | null;
  blockedSummary?: string | null;
}

/** Takes a flow up again; default `queued`. */
export interface ResumeFlow extends FlowPatch {
  status?: "queued" | "running";
  currentStep?: string | null;
  stateJson?: unknown;
}

/** Ends a flow, well or badly. */
export interface EndFlow extends FlowPatch {
  currentStep?: string | null;
  stateJson?: unknown;
  blockedTaskId?: string | null;
  blockedSummary?: string | null;
  endedAt?: number;
}

/** Marks a flow for its end; asking again does not move the time. */
export interface RequestFlowCancel extends FlowPatch {
  cancelRequestedAt?: number;
}

/** A child record of a flow. */
export interface RunFlowTask {
  flowId: string;
  runtime: TaskRuntime;
  task: string;
  childSessionKey?: string;
  sourceId?: string;
  parentTaskId?: string;
  agentId?: string;
  runId?: string;
  label?: string;
  preferMetadata?: boolean;
  notifyPolicy?: TaskNotifyPolicy;
  deliveryStatus?: TaskDeliveryStatus;
  status?: "queued" | "running";
  startedAt?: number;
  lastEventAt?: number;
  progressSummary?: string | null;
}

type Awaitable<Mode, T> = Mode extends "async" ? Promise<T> : T;

/** The flows of one session. What belongs to another session is invisible. */
export interface BoundFlows<Mode extends "sync" | "async" = "sync"> {
  readonly sessionKey: string;
  readonly requesterOrigin?: unknown;
  /** @throws SluiceError `FLOWS_FULL`, `INVALID_FLOW`, or the store's error */
  createManaged(params: CreateManagedFlow): Awaitable<Mode, FlowRecord>;
  tryCreateManaged(params: CreateManagedFlow): Awaitable<Mode, FlowRecord | null>;
  get(flowId: string): Awaitable<Mode, FlowRecord | undefined>;
  /** Newest first. */
  list(): Awaitable<Mode, FlowRecord[]>;
  findLatest(): Awaitable<Mode, FlowRecord | undefined>;
  /** A flow id, or the bound session key for its newest flow. */
  resolve(token: string): Awaitable<Mode, FlowRecord | undefined>;
  getTaskSummary(flowId: string): Awaitable<Mode, FlowTaskSummary | undefined>;
  setWaiting(params: SetFlowWaiting): Awaitable<Mode, FlowMutation>;
  resume(params: ResumeFlow): Awaitable<Mode, FlowMutation>;
  finish(params: EndFlow): Awaitable<Mode, FlowMutation>;
  fail(params: EndFlow): Awaitable<Mode, FlowMutation>;
  requestCancel(params: RequestFlowCancel): Awaitable<Mode, FlowMutation>;
  /** Requests the end, stops the children that run here, and says whether none is left. */
  cancel(params: { flowId: string; cfg?: unknown }): Promise<FlowCancelResult>;
  /** Links a child record; it starts no run. */
  runTask(params: RunFlowTask): Awaitable<Mode, FlowTaskResult>;
}

/** The tasks of one session, to look at and to cancel. */
export interface BoundTasks<Mode extends "sync" | "async" = "sync"> {
  readonly sessionKey: string;
  get(taskId: string): Awaitable<Mode, TaskRecord | undefined>;
  list(): Awaitable<Mode, TaskRecord[]>;
  findLatest(): Awaitable<Mode, TaskRecord | undefined>;
  /** A task id, a run id, or the session key of the owner or of the child. */
  resolve(token: string): Awaitable<Mode, TaskRecord | undefined>;
  cancel(params: { taskId: string; cfg?: unknown }): Promise<{
    found: boolean;
    cancelled: boolean;
    reason?: string;
    task?: TaskRecord;
  }>;
}

/** What a flow view offers that may not change flows. */
export type BoundFlowViews<Mode extends "sync" | "async" = "sync"> = Pick<
  BoundFlows<Mode>,
  "sessionKey" | "get" | "list" | "findLatest" | "resolve" | "getTaskSummary" | "cancel"
>;

/** Binds to a session the caller trusts, or to the session a tool runs in. */
export interface SessionBinder<Bound> {
  /** @throws SluiceError `INVALID_FLOW` for an empty key */
  bindSession(params: { sessionKey: string; requesterOrigin?: unknown }): Bound;
  /** @throws SluiceError `INVALID_FLOW` when the tool has no session */
  fromToolContext(context: { sessionKey?: string; deliveryContext?: unknown }): Bound;
}

/** `api.runtime.tasks`. Synchronous calls block for one round trip to the store; `async` has the same as promises. */
export interface PluginRuntimeTasks {
  readonly managedFlows: SessionBinder<BoundFlows>;
  readonly flows: SessionBinder<BoundFlowViews>;
  readonly runs: SessionBinder<BoundTasks>;
  /** Older name of `managedFlows`. */
  readonly flow: SessionBinder<BoundFlows>;
  readonly async: {
    readonly managedFlows: SessionBinder<BoundFlows<"async">>;
    readonly flows: SessionBinder<BoundFlowViews<"async">>;
    readonly runs: SessionBinder<BoundTasks<"async">>;
  };
}
