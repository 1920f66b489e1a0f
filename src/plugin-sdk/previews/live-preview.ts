import type { MessageReceipt } from "../../contracts/channel.ts";
import { createMessageReceiptFromOutboundResults } from "../outbound/receipts.ts";

/** Turning the preview of an answer into the answer itself. */

export interface Draft<Id> {
  flush(): Promise<void>;
  id(): Id | undefined;
  seal?(): Promise<void>;
  discardPending?(): Promise<void>;
  clear(): Promise<void>;
}

export interface LiveState<Payload> {
  phase: "idle" | "previewing" | "finalizing" | "finalized" | "cancelled";
  canFinalizeInPlace: boolean;
  receipt?: MessageReceipt;
  lastRendered?: Payload;
}

export interface PreviewAdapter<Payload, Id, Edit> {
  draft?: Draft<Id>;
  buildFinalEdit(payload: Payload): Edit | undefined;
  /** `{ visibleReplySent: false }`: it could not be finished so, and the payload is sent instead. */
  editFinal(id: Id, edit: Edit): Promise<unknown>;
  resolveFinalizedId?(id: Id, edit: Edit): Id | undefined;
  createPreviewReceipt?(id: Id, edit: Edit): MessageReceipt;
  onPreviewFinalized?(id: Id, receipt: MessageReceipt, state: LiveState<Payload>): Promise<void> | void;
  buildSupplementalPayload?(payload: Payload): Payload | undefined;
  deliverSupplemental?(payload: Payload): Promise<Delivered>;
  handlePreviewEditError?(params: {
    error: unknown;
    id: Id;
    edit: Edit;
    payload: Payload;
    liveState: LiveState<Payload>;
  }): "fallback" | "retain" | Promise<"fallback" | "retain">;
  logPreviewEditFailure?(error: unknown): void;
}

export function defineFinalizableLivePreviewAdapter<Payload, Id, Edit>(
  adapter: PreviewAdapter<Payload, Id, Edit>,
): PreviewAdapter<Payload, Id, Edit> {
  return adapter;
}

export type PreviewOutcome = "normal-delivered" | "normal-skipped" | "preview-finalized" | "preview-retained";

interface Result<Payload> {
  kind: PreviewOutcome;
  liveState?: LiveState<Payload>;
  /** What the delivery said of itself. */
  deliveryResult?: Delivered;
}

type Delivered = boolean | undefined | { visibleReplySent?: boolean };

/**
 * Delivers a payload: a final one by a last edit of its preview where that is possible, anything else the
 * normal way. When the edit fails, the preview is removed and the payload is sent; unless the failure is
 * ambiguous and the adapter says to keep what is shown.
 */
export async function deliverWithFinalizableLivePreviewAdapter<Payload, Id, Edit>(params: {
  kind: "tool" | "block" | "final";
  payload: Payload;
  liveState?: LiveState<Payload>;
  adapter?: PreviewAdapter<Payload, Id, Edit>;
  deliverNormally(payload: Payload): Promise<Delivered>;
  onNormalDelivered?(): Promise<void> | void;
}): Promise<Result<Payload>> {
  const { adapter, payload } = params;
  const draft = adapter?.draft;
  if (params.kind !== "final" || !adapter || !draft) return deliverNormally(params);
  const state: LiveState<Payload> = params.liveState ?? { phase: "previewing", canFinalizeInPlace: true };
  const edit = adapter.buildFinalEdit(payload);
  if (edit === undefined) {
    await draft.discardPending?.();
    return replacePreview(params, draft);
  }
  await draft.flush();
  const id = draft.id();
  if (id === undefined) return replacePreview(params, draft);
  await draft.seal?.();
  let said: Delivered;
  try {
    said = (await adapter.editFinal(id, edit)) as Delivered;
    if (typeof said === "object" && said.visibleReplySent === false) return replacePreview(params, draft);
  } catch (error) {
    adapter.logPreviewEditFailure?.(error);
    const choice = await adapter.handlePreviewEditError?.({ error, id, edit, payload, liveState: state });
    return choice === "retain"
      ? { kind: "preview-retained", liveState: state }
      : replacePreview(params, draft);
  }
  const finalId = adapter.resolveFinalizedId?.(id, edit) ?? id;
  const receipt =
    adapter.createPreviewReceipt?.(finalId, edit) ??
    createMessageReceiptFromOutboundResults({ results: [{ messageId: String(finalId) }], kind: "preview" });
  const finalized: LiveState<Payload> = { ...state, phase: "finalized", receipt };
  await adapter.onPreviewFinalized?.(finalId, receipt, finalized);
  const rest = adapter.buildSupplementalPayload?.(payload);
  if (rest !== undefined) await (adapter.deliverSupplemental ?? params.deliverNormally)(rest);
  const messageIds = receipt.platformMessageIds;
  const deliveryResult = typeof said === "object" ? said : { messageIds, receipt, visibleReplySent: true };
  return { kind: "preview-finalized", liveState: finalized, deliveryResult };
}

async function replacePreview<Payload, Id>(
  params: {
    payload: Payload;
    deliverNormally(payload: Payload): Promise<Delivered>;
    onNormalDelivered?(): Promise<void> | void;
  },
  draft: Draft<Id>,
): Promise<Result<Payload>> {
  const result = await deliverNormally(params);
  // The answer is visible before its preview goes.
  if (result.kind === "normal-delivered") await draft.clear();
  return result;
}

async function deliverNormally<Payload>(params: {
  payload: Payload;
  deliverNormally(payload: Payload): Promise<Delivered>;
  onNormalDelivered?(): Promise<void> | void;
}): Promise<Result<Payload>> {
  const deliveryResult = await params.deliverNormally(params.payload);
  const isVisible =
    typeof deliveryResult === "object" ? deliveryResult.visibleReplySent !== false : deliveryResult !== false;
  if (!isVisible) return { kind: "normal-skipped", deliveryResult };
  await params.onNormalDelivered?.();
  return { kind: "normal-delivered", deliveryResult };
}
