/** The reaction that tells a sender the message was seen (spec 1.18.12). */

export type AckScope = "all" | "direct" | "group-all" | "group-mentions" | "off" | "none";

export function shouldAckReaction(params: {
  scope?: AckScope | undefined;
  inboundEventKind?: string;
  isDirect: boolean;
  isGroup: boolean;
  isMentionableGroup: boolean;
  requireMention?: boolean;
  canDetectMention: boolean;
  effectiveWasMentioned: boolean;
  shouldBypassMention?: boolean;
}): boolean {
  const isAmbient = params.inboundEventKind === "room_event";
  switch (params.scope ?? "group-mentions") {
    case "all":
      return true;
    case "direct":
      return params.isDirect;
    case "group-all":
      return params.isGroup && !isAmbient;
    case "group-mentions":
      return (
        params.isGroup &&
        !isAmbient &&
        params.isMentionableGroup &&
        params.canDetectMention &&
        (params.effectiveWasMentioned || params.shouldBypassMention === true)
      );
    default:
      return false;
  }
}

export interface AckReactionHandle {
  ackReactionPromise: Promise<boolean>;
  ackReactionValue: string;
  remove(): Promise<void>;
}

/** Sends the reaction; `null` for an empty one. */
export function createAckReactionHandle(params: {
  ackReactionValue: string;
  send(): Promise<unknown>;
  remove(): Promise<void>;
  onSendError?(error: unknown): void;
}): AckReactionHandle | null {
  if (params.ackReactionValue === "") return null;
  const sent = params.send().then(
    () => true,
    (error: unknown) => {
      params.onSendError?.(error);
      return false;
    },
  );
  return { ackReactionPromise: sent, ackReactionValue: params.ackReactionValue, remove: params.remove };
}

export function removeAckReactionAfterReply(params: {
  removeAfterReply: boolean;
  ackReactionPromise: Promise<boolean> | null;
  ackReactionValue: string | null;
  remove(): Promise<void>;
  onError?(error: unknown): void;
}): void {
  if (!params.removeAfterReply || !params.ackReactionPromise || !params.ackReactionValue) return;
  void params.ackReactionPromise
    .then(async (sent) => {
      if (sent) await params.remove();
    })
    .catch((error: unknown) => params.onError?.(error));
}

export function removeAckReactionHandleAfterReply(params: {
  removeAfterReply: boolean;
  handle: AckReactionHandle | null | undefined;
  onError?(error: unknown): void;
}): void {
  const { handle } = params;
  if (handle) removeAckReactionAfterReply({ ...params, ...handle });
}
