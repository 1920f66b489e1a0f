export type DurableFinalDeliveryRequirements = Record<string, true>;

export interface DurableFinalDelivery {
  payload: { mediaUrl?: string; mediaUrls?: readonly string[]; replyToId?: string | null };
  threadId?: string | number | null;
  replyToId?: string | null;
  silent?: boolean;
  /** Default true: the hooks before sending run. */
  messageSendingHooks?: boolean;
  payloadTransport?: boolean;
  batch?: boolean;
  reconcileUnknownSend?: boolean;
  afterSendSuccess?: boolean;
  afterCommit?: boolean;
  extraCapabilities?: Readonly<Record<string, boolean | undefined>>;
}

/** What a channel must be able to do so that an answer is delivered once, whatever happens meanwhile. */
export function deriveDurableFinalDeliveryRequirements(
  delivery: DurableFinalDelivery,
): DurableFinalDeliveryRequirements {
  const { payload, extraCapabilities } = delivery;
  const isGiven = (value: unknown) => value !== undefined && value !== null;
  const needed: Readonly<Record<string, boolean | undefined>> = {
    text: true,
    media: [payload.mediaUrl, ...(payload.mediaUrls ?? [])].some((url) => url?.trim()),
    replyTo: isGiven(delivery.replyToId) || isGiven(payload.replyToId),
    thread: isGiven(delivery.threadId),
    silent: delivery.silent,
    messageSendingHooks: delivery.messageSendingHooks !== false,
    payload: delivery.payloadTransport,
    batch: delivery.batch,
    reconcileUnknownSend: delivery.reconcileUnknownSend,
    afterSendSuccess: delivery.afterSendSuccess,
    afterCommit: delivery.afterCommit,
    ...extraCapabilities,
  };
  return Object.fromEntries(
    Object.entries(needed).flatMap(([name, isNeeded]) => (isNeeded === true ? [[name, true as const]] : [])),
  );
}
