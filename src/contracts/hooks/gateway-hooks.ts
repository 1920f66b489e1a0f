import type { HookShape } from "./hook-shape.ts";

/** The gateway that starts, stops or changes. */
export interface GatewayHookContext {
  port?: number;
  config?: Readonly<Record<string, unknown>>;
  workspaceDir?: string;
  getCron?(): unknown;
  abortSignal?: AbortSignal;
}

/** Hooks of the gateway itself: its start and stop, schedules, installations, skills (spec 4.11). */
export interface GatewayHooks {
  gateway_start: HookShape<{ port: number }, GatewayHookContext>;
  gateway_stop: HookShape<{ reason?: string }, GatewayHookContext>;
  cron_reconciled: HookShape<{ reason: "startup" | "reload"; enabled: boolean }, GatewayHookContext>;
  cron_changed: HookShape<
    {
      action: "added" | "updated" | "removed" | "started" | "finished" | "scheduled";
      jobId: string;
      job?: {
        id: string;
        state?: { nextRunAtMs?: number; [extra: string]: unknown };
        [extra: string]: unknown;
      };
      [extra: string]: unknown;
    },
    GatewayHookContext
  >;
  before_install: HookShape<
    {
      targetType: "skill" | "plugin";
      targetName: string;
      sourcePath: string;
      sourcePathKind: "file" | "directory";
      request: { kind: string; mode: "install" | "update"; requestedSpecifier?: string };
      [extra: string]: unknown;
    },
    { targetType: string; requestKind: string; origin?: string },
    { findings?: object[]; block?: boolean; blockReason?: string }
  >;
  skill_proposal_evaluate: HookShape<object, { workspaceDir?: string; agentId?: string }, object>;
  skill_proposal_changed: HookShape<object, { workspaceDir?: string; agentId?: string }>;
  skill_changed: HookShape<object, { workspaceDir?: string; agentId?: string }>;
}
