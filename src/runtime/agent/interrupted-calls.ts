import type { AssistantMessage, ToolCallPart } from "../../contracts/messages.ts";
import type { ApprovalRecord } from "../../store/procedures/approvals.ts";
import type { TranscriptRecord } from "../../store/procedures/transcripts.ts";
import { parseMessage } from "./transcript-context.ts";

/** The last answer of a turn that was interrupted, and its calls without a result. */
export interface InterruptedBatch {
  answer: AssistantMessage;
  calls: ToolCallPart[];
  /** When the answer was written; its questions are younger. */
  recordedAt: number;
}

/** What a turn was doing when it was interrupted; `undefined` when no call of it is open. */
export function interruptedBatch(own: readonly TranscriptRecord[]): InterruptedBatch | undefined {
  const finished = new Set<string>();
  for (let index = own.length - 1; index >= 0; index--) {
    const entry = own[index] as TranscriptRecord;
    const message = parseMessage(entry);
    if (message?.role === "toolResult") finished.add(message.toolCallId);
    if (message?.role !== "assistant") continue;
    const calls = message.content.filter((part) => part.type === "toolCall" && !finished.has(part.id));
    if (calls.length === 0) return undefined;
    return { answer: message, calls: calls as ToolCallPart[], recordedAt: entry.createdAt };
  }
  return undefined;
}

/**
 * Calls that certainly have not run. All calls of an answer are decided on before the first of them runs: while
 * one waits none has run; later only those are certain that have not begun to act on their allowance.
 */
export function callsToGoOn({ calls }: InterruptedBatch, records: readonly ApprovalRecord[]): ToolCallPart[] {
  const own = records.filter(({ toolCallId }) => calls.some(({ id }) => id === toolCallId));
  if (own.some(({ status }) => status === "pending")) return calls;
  return calls.filter(({ id }) => own.some(({ toolCallId }) => toolCallId === id));
}
