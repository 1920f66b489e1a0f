import type { ToolApprovalRequest } from "../../contracts/hooks.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { ApprovalOutcome } from "./approval-question.ts";

/** How a tool call's question ended. */
export interface ToolCallAnswer {
  allowed: boolean;
  /** What the model is told about a refusal. */
  reason: string;
  /** Of the approval: the call begins to act on it with `use`. */
  id: string;
  /** What was approved, and nothing else, may run. */
  params: unknown;
}

/**
 * A turn that is stopped takes its question back; one that the gateway's stop interrupts leaves it open.
 *
 * @param takeBack ends the question, whose end is then awaited like any other
 * @returns a promise that resolves only when the gateway stops
 */
export function untilStopped(
  signal: AbortSignal,
  takeBack: () => void,
): { promise: Promise<undefined>; dispose(): void } {
  let onAbort = () => {};
  const promise = new Promise<undefined>((resolve) => {
    onAbort = () => {
      const reason = signal.reason as { stopReason?: unknown } | undefined;
      if (reason?.stopReason === "restart") resolve(undefined);
      else takeBack();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  return { promise, dispose: () => signal.removeEventListener("abort", onAbort) };
}

/** Tells the plugin that asked how its question ended. */
export function tellPlugin(
  approval: ToolApprovalRequest,
  { decision, terminalReason }: ApprovalOutcome,
  logger: Logger,
): void {
  const told = decision ?? (terminalReason === "timeout" ? "timeout" : "cancelled");
  const complain = (error: unknown) =>
    logger.warn("onResolution of an approval failed", { error: errorMessage(error) });
  try {
    Promise.resolve(approval.onResolution?.(told)).catch(complain);
  } catch (error) {
    complain(error);
  }
}

/** What the outcome of a question means for its call. */
export function verdictOf(
  { decision, terminalReason }: ApprovalOutcome,
  approval: ToolApprovalRequest | undefined,
): { allowed: boolean; reason: string } {
  if (decision === "allow-once" || decision === "allow-always") return { allowed: true, reason: "" };
  if (decision === "deny") return { allowed: false, reason: "The call was denied." };
  if (terminalReason === "timeout") {
    const said: unknown = approval?.timeoutReason;
    return {
      allowed: false,
      reason: typeof said === "string" && said !== "" ? said : "The call was not approved in time.",
    };
  }
  return terminalReason === "cancelled"
    ? { allowed: false, reason: "The approval was cancelled." }
    : { allowed: false, reason: "The call needs an approval and nobody is there to give it." };
}
