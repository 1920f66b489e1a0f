import {
  type Draft,
  deliverWithFinalizableLivePreviewAdapter,
  type LiveState,
  type PreviewAdapter,
  type PreviewOutcome,
} from "./live-preview.ts";

/** What a delivery function says of itself; nothing said means that something became visible. */
export type PreviewDelivery = boolean | undefined | { visibleReplySent?: boolean; [extra: string]: unknown };

export interface PreviewLifecycleOptions<Id> {
  draft?: Draft<Id> | undefined;
  /** A preview whose final answer failed stays as it is. */
  retainOnError?: boolean;
  /** A preview that no final answer followed is deleted at the end. */
  cleanupUndelivered?: boolean;
  onFinalStarted?(): void;
  onFinalDelivered?(): void;
  onCleanupFailure?(error: unknown): void;
}

type Outcome = "pending" | "sending" | "delivered" | "error-delivered" | "failed" | "suppressed";

/** Follows one turn's preview to its end: finished in place, replaced by the answer, kept or deleted. */
export function createLivePreviewLifecycle<Payload, Id>(options: PreviewLifecycleOptions<Id> = {}) {
  return new LivePreviewLifecycle<Payload, Id>(options);
}

class LivePreviewLifecycle<Payload, Id> {
  readonly #options: PreviewLifecycleOptions<Id>;
  #outcome: Outcome = "pending";
  #state: LiveState<Payload>;
  #finalized = false;
  #retained = false;
  #cleared = false;

  constructor(options: PreviewLifecycleOptions<Id>) {
    this.#options = options;
    this.#state = this.#fresh();
  }

  get liveState(): LiveState<Payload> {
    return this.#state;
  }

  /** The preview has become the answer. */
  get previewFinalized(): boolean {
    return this.#finalized;
  }

  get finalStarted(): boolean {
    return this.#outcome !== "pending";
  }

  /** Something final is visible, be it an error. */
  get finalDelivered(): boolean {
    return this.#outcome === "delivered" || this.#outcome === "error-delivered";
  }

  get finalSucceeded(): boolean {
    return this.#outcome === "delivered";
  }

  get finalFailed(): boolean {
    return this.#outcome === "failed";
  }

  get finalSuppressed(): boolean {
    return this.#outcome === "suppressed";
  }

  beginFinalDelivery = (): void => {
    if (this.#outcome !== "pending") return;
    this.#outcome = "sending";
    this.#options.onFinalStarted?.();
  };

  /** Delivers a payload; a final one through the preview where it can be finished in place. */
  deliver = async <Edit = never>(params: {
    kind: "tool" | "block" | "final";
    payload: Payload;
    isError?: boolean | undefined;
    adapter?: Omit<PreviewAdapter<Payload, Id, Edit>, "draft"> | undefined;
    deliverNormally(payload: Payload): Promise<PreviewDelivery>;
    onNormalDelivered?: (() => Promise<void> | void) | undefined;
  }): Promise<{ kind: PreviewOutcome; liveState: LiveState<Payload>; deliveryResult?: PreviewDelivery }> => {
    const { draft } = this.#options;
    const isFinal = params.kind === "final";
    if (isFinal) this.beginFinalDelivery();
    const usable = isFinal && draft && !this.#finalized && !this.#retained;
    try {
      const result = await deliverWithFinalizableLivePreviewAdapter<Payload, Id, Edit>({
        kind: params.kind,
        payload: params.payload,
        liveState: this.#state,
        deliverNormally: params.deliverNormally,
        ...(usable ? { adapter: { ...this.#adapterOf(params), draft } } : {}),
        ...(params.onNormalDelivered ? { onNormalDelivered: params.onNormalDelivered } : {}),
      });
      if (result.liveState) this.#state = result.liveState;
      if (result.kind === "preview-finalized") this.#finalized = true;
      if (result.kind === "preview-retained") this.#retained = true;
      if (usable && result.kind === "normal-delivered") this.#cleared = true;
      if (isFinal && result.kind !== "normal-skipped") this.#delivered(params.isError === true);
      return { ...result, liveState: this.#state };
    } catch (error) {
      if (isFinal) this.observeFailure();
      throw error;
    }
  };

  /** Something was delivered past this lifecycle. */
  observeDelivery = async (result: PreviewDelivery, given: { isError?: boolean } = {}): Promise<void> => {
    if (!isVisible(result)) return;
    this.beginFinalDelivery();
    this.#delivered(given.isError === true);
  };

  observeFailure = (): void => {
    if (this.finalDelivered) return;
    this.#outcome = "failed";
    if (this.#options.retainOnError) this.#retained = true;
  };

  observeSuppression = (): void => {
    if (!this.finalDelivered) this.#outcome = "suppressed";
  };

  retainPreview = (): void => {
    this.#retained = true;
  };

  /** The turn is over: what is left of the preview goes, unless it became the answer or is to stay. */
  cleanup = async (given: { failed?: boolean } = {}): Promise<void> => {
    const { draft, cleanupUndelivered, onCleanupFailure } = this.#options;
    if (given.failed) this.observeFailure();
    if (!draft || this.#finalized || this.#retained || this.#cleared) return;
    try {
      await draft.discardPending?.();
      if (!this.finalDelivered && !cleanupUndelivered) return;
      this.#cleared = true;
      await draft.clear();
    } catch (error) {
      onCleanupFailure?.(error);
    }
  };

  /** The next answer of the turn starts with a preview of its own. */
  reset = (): void => {
    this.#outcome = "pending";
    this.#finalized = false;
    this.#retained = false;
    this.#cleared = false;
    this.#state = this.#fresh();
  };

  #fresh(): LiveState<Payload> {
    return { phase: "idle", canFinalizeInPlace: this.#options.draft !== undefined };
  }

  /** Without an adapter nothing is finished in place; the preview is replaced. */
  #adapterOf<Edit>(params: {
    isError?: boolean | undefined;
    adapter?: Omit<PreviewAdapter<Payload, Id, Edit>, "draft"> | undefined;
  }): Omit<PreviewAdapter<Payload, Id, Edit>, "draft"> {
    return params.adapter ?? { buildFinalEdit: () => undefined, editFinal: async () => undefined };
  }

  #delivered(isError: boolean): void {
    if (this.#outcome === "delivered") return;
    this.#outcome = isError ? "error-delivered" : "delivered";
    this.#options.onFinalDelivered?.();
  }
}

function isVisible(result: PreviewDelivery): boolean {
  return typeof result === "object" ? result.visibleReplySent !== false : result !== false;
}
