import type { ContractBench } from "./bench.ts";

export type CheckOutcome = "passed" | "warned" | "failed" | "skipped";

/** One statement about a plugin that can be tried. */
export interface ContractCheck {
  readonly name: string;
  /** What is true when it passes. */
  readonly statement: string;
  /** True when the plugin must have passed what loads it. */
  readonly needsLoading?: boolean;
  run(bench: ContractBench): Promise<CheckFindings>;
}

export interface CheckFindings {
  /** Any of these fails the check. */
  readonly failures?: readonly string[];
  readonly warnings?: readonly string[];
  /** Why there was nothing to check. */
  readonly skipped?: string;
}

export interface CheckResult {
  readonly name: string;
  readonly statement: string;
  readonly outcome: CheckOutcome;
  readonly details: readonly string[];
}

export function resultOf({ name, statement }: ContractCheck, findings: CheckFindings): CheckResult {
  const { failures = [], warnings = [], skipped } = findings;
  const outcome =
    failures.length > 0
      ? "failed"
      : skipped !== undefined
        ? "skipped"
        : warnings.length > 0
          ? "warned"
          : "passed";
  return {
    name,
    statement,
    outcome,
    details: [...failures, ...warnings, ...(skipped === undefined ? [] : [skipped])],
  };
}
