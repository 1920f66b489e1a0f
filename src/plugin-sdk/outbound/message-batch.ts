import type { MessageReceipt } from "../../contracts/channel.ts";
import { requireHost } from "../ambient/host.ts";
import { sendTextMediaPayload } from "../replies/payloads.ts";
import { isRecord, readPath, type UnknownRecord } from "../values/records.ts";
import { createMessageReceiptFromOutboundResults, type ReceiptSource } from "./receipts.ts";

interface Payload {
  text?: string;
  mediaUrl?: string;
  mediaUrls?: string[];
  [extra: string]: unknown;
}

type Adapter = Parameters<typeof sendTextMediaPayload>[0]["adapter"] & {
  sendPayload?(context: UnknownRecord): Promise<object>;
};

export interface MessageBatch extends UnknownRecord {
  cfg: object;
  channel: string;
  to: string;
  accountId?: string | null;
  payloads: readonly Payload[];
  replyToId?: string | undefined;
  threadId?: string | number | null;
  onDeliveryResult?(result: object): unknown;
}

export interface PayloadOutcome {
  index: number;
  status: "sent" | "suppressed" | "failed";
  results: ReceiptSource[];
  reason?: string;
  error?: unknown;
}

export interface MessageBatchResult {
  status: "sent" | "suppressed" | "partial_failed" | "failed";
  results: ReceiptSource[];
  receipt: MessageReceipt;
  payloadOutcomes: PayloadOutcome[];
  reason?: string;
  error?: unknown;
}

/**
 * Sends the parts of one message through its channel's adapter, in order, with what the caller knows of the
 * platform (`deps`, `identity`, `mediaAccess`…). An answer that is delivered so is a row already; the batch
 * reports part for part what became of it, and stops at the first failure (spec 1.10).
 */
export async function sendDurableMessageBatch(params: MessageBatch): Promise<MessageBatchResult> {
  const { payloads, ...context } = params;
  const adapter = await adapterOf(params.channel);
  const outcomes: PayloadOutcome[] = [];
  for (const [index, payload] of payloads.entries()) {
    const results: ReceiptSource[] = [];
    const report = async (result: object) => {
      results.push(result as ReceiptSource);
      await params.onDeliveryResult?.(result);
    };
    const hasMedia = Boolean(payload.mediaUrl) || (payload.mediaUrls?.length ?? 0) > 0;
    if (!payload.text?.trim() && !hasMedia && !isRecord(payload["channelData"])) {
      outcomes.push({ index, status: "suppressed", results, reason: "no_visible_payload" });
      continue;
    }
    try {
      const ctx = { ...context, payload, text: payload.text ?? "", onDeliveryResult: report };
      const result = adapter.sendPayload
        ? await adapter.sendPayload(ctx)
        : await sendTextMediaPayload({ channel: params.channel, ctx, adapter });
      // An adapter that reported its parts has told them all.
      if (results.length === 0 && namesMessage(result)) results.push(result);
      outcomes.push(
        results.length > 0
          ? { index, status: "sent", results }
          : { index, status: "suppressed", results, reason: "adapter_returned_no_identity" },
      );
    } catch (error) {
      outcomes.push({ index, status: "failed", results, error });
      break;
    }
  }
  return summaryOf(outcomes, params);
}

async function adapterOf(channel: string): Promise<Adapter> {
  const load = readPath(requireHost("sendDurableMessageBatch").runtime, [
    "channel",
    "outbound",
    "loadAdapter",
  ]);
  const adapter = typeof load === "function" ? await load(channel) : undefined;
  if (!isRecord(adapter))
    throw new Error(`channel "${channel}" has no outbound adapter; is its plugin enabled?`);
  return adapter as Adapter;
}

function namesMessage(result: object | null | undefined): result is ReceiptSource {
  const { messageId, receipt } = (result ?? {}) as ReceiptSource;
  return Boolean(messageId?.trim()) || (receipt?.platformMessageIds.length ?? 0) > 0;
}

function summaryOf(outcomes: PayloadOutcome[], params: MessageBatch): MessageBatchResult {
  const results = outcomes.flatMap((outcome) => outcome.results);
  const failed = outcomes.find(({ status }) => status === "failed");
  const status = failed
    ? results.length > 0
      ? "partial_failed"
      : "failed"
    : results.length > 0
      ? "sent"
      : "suppressed";
  const receipt = createMessageReceiptFromOutboundResults({
    results,
    ...(params.replyToId === undefined ? {} : { replyToId: params.replyToId }),
    ...(params.threadId === undefined || params.threadId === null
      ? {}
      : { threadId: String(params.threadId) }),
  });
  return {
    status,
    results,
    receipt,
    payloadOutcomes: outcomes,
    ...(failed ? { error: failed.error } : {}),
    ...(status === "suppressed" ? { reason: outcomes[0]?.reason ?? "no_visible_payload" } : {}),
  };
}
