/** One time limit for an operation of several requests. */
export interface ProviderOperationDeadline {
  label: string;
  /** Milliseconds; `undefined` for none. */
  timeoutMs: number | undefined;
  /** Milliseconds since 1970; `undefined` for none. */
  deadlineAtMs: number | undefined;
}

export function createProviderOperationDeadline(params: {
  timeoutMs?: number;
  label: string;
}): ProviderOperationDeadline {
  const { timeoutMs } = params;
  const isLimited = timeoutMs !== undefined && Number.isFinite(timeoutMs) && timeoutMs > 0;
  return {
    label: params.label,
    timeoutMs: isLimited ? timeoutMs : undefined,
    deadlineAtMs: isLimited ? Date.now() + timeoutMs : undefined,
  };
}

/** What is left for the next request: at most the default. @throws when nothing is left */
export function resolveProviderOperationTimeoutMs(params: {
  deadline: ProviderOperationDeadline;
  defaultTimeoutMs: number;
}): number {
  const { deadlineAtMs, timeoutMs, label } = params.deadline;
  if (deadlineAtMs === undefined) return params.defaultTimeoutMs;
  const left = deadlineAtMs - Date.now();
  if (left > 0) return Math.min(left, params.defaultTimeoutMs);
  const error = new Error(`${label} timed out after ${timeoutMs}ms`);
  error.name = "TimeoutError";
  throw error;
}

export function createProviderOperationTimeoutResolver(params: {
  deadline: ProviderOperationDeadline;
  defaultTimeoutMs: number;
}): () => number {
  return () => resolveProviderOperationTimeoutMs(params);
}
