export interface WorkflowCrashLoopResult {
  ok: boolean;
  problems: string[];
  figures: Record<string, unknown>;
}

export function workflowCrashLoop(options?: {
  kills?: number;
  seed?: number;
  keep?: boolean;
  log?: (line: string) => void;
}): Promise<WorkflowCrashLoopResult>;
