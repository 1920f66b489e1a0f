import { hasControlCommand } from "../../channels/inbound/commands.ts";
import type { ReplyKind } from "../../contracts/channel-runtime.ts";
import { readPath } from "../values/records.ts";

/** Reading what a dispatched turn did, and what came before it. */

type Log = (message: string) => void;

export function logInboundDrop(params: {
  log: Log;
  channel: string;
  reason: string;
  target?: string;
  hint?: string;
  onceKey?: string;
}): void {
  const target = params.target ? ` target=${params.target}` : "";
  const hint = params.hint ? ` (${params.hint})` : "";
  params.log(`${params.channel}: drop ${params.reason}${target}${hint}`);
}

export function logTypingFailure(params: {
  log: Log;
  channel: string;
  target?: string;
  action?: "start" | "stop";
  error: unknown;
}): void {
  const target = params.target ? ` target=${params.target}` : "";
  const action = params.action ? ` action=${params.action}` : "";
  params.log(`${params.channel} typing${action} failed${target}: ${String(params.error)}`);
}

export function logAckFailure(params: { log: Log; channel: string; target?: string; error: unknown }): void {
  const target = params.target ? ` target=${params.target}` : "";
  params.log(`${params.channel} ack cleanup failed${target}: ${String(params.error)}`);
}

type Counts = Record<ReplyKind, number>;

const NONE: Counts = { tool: 0, block: 0, final: 0 };

export function resolveInboundReplyDispatchCounts(result: object | null | undefined): Counts {
  const counts = readPath(result, ["counts"]) ?? readPath(result, ["dispatchResult", "counts"]);
  return { ...NONE, ...(counts as Partial<Counts> | undefined) };
}

export function hasFinalInboundReplyDispatch(result: object | null | undefined): boolean {
  const queued = readPath(result, ["queuedFinal"]) ?? readPath(result, ["dispatchResult", "queuedFinal"]);
  return queued === true || resolveInboundReplyDispatchCounts(result).final > 0;
}

export function hasVisibleInboundReplyDispatch(result: object | null | undefined): boolean {
  const counts = resolveInboundReplyDispatchCounts(result);
  return hasFinalInboundReplyDispatch(result) || counts.block > 0 || counts.tool > 0;
}

/** How the run of a dispatched turn ended, where one ran; takes a turn result or its `dispatchResult`. */
export function readAgentRunTerminalOutcome(
  result: object | null | undefined,
): "completed" | "failed" | undefined {
  const outcome =
    readPath(result, ["agentRunOutcome"]) ?? readPath(result, ["dispatchResult", "agentRunOutcome"]);
  return outcome === "completed" || outcome === "failed" ? outcome : undefined;
}

/** Short texts wait for more of them; commands and attachments do not. */
export function shouldDebounceTextInbound(params: {
  text: string | null | undefined;
  cfg: object;
  hasMedia?: boolean;
  allowDebounce?: boolean;
}): boolean {
  if (params.allowDebounce === false || params.hasMedia) return false;
  const text = params.text?.trim() ?? "";
  return text !== "" && !hasControlCommand(text);
}

/** Whether the author of quoted text may be shown to the model. */
export function resolveInboundSupplementalSenderAllowed<Entry>(params: {
  isGroup: boolean;
  groupPolicy: string;
  allowFrom: readonly Entry[];
  isSenderAllowed(allowFrom: readonly Entry[]): boolean;
}): boolean {
  if (!params.isGroup || params.groupPolicy === "open" || params.allowFrom.length === 0) return true;
  return params.isSenderAllowed(params.allowFrom);
}
