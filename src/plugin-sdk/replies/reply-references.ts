/** Which message an answer refers to. */

export type ReplyToMode = "off" | "first" | "all" | "batched";

/** Only one message of an answer is a reply; the others follow it. */
export function isSingleUseReplyToMode(mode: ReplyToMode): boolean {
  return mode === "first" || mode === "batched";
}

/** Under `batched`, only an answer to several messages at once refers to the last of them. */
export function resolveBatchedReplyThreadingPolicy(
  mode: ReplyToMode,
  isBatched: boolean,
): { implicitCurrentMessage: "allow" | "deny" } | undefined {
  if (mode !== "batched") return undefined;
  return { implicitCurrentMessage: isBatched ? "allow" : "deny" };
}

export interface ReplyReferencePlanner {
  /** The message to refer to now; under a single-use mode only once. */
  use(): string | undefined;
  peek(): string | undefined;
  markSent(): void;
  hasReplied(): boolean;
}

/** Plans the references of an answer of several messages: to the thread it belongs to, else to its start. */
export function createReplyReferencePlanner(options: {
  replyToMode: ReplyToMode;
  existingId?: string | undefined;
  startId?: string | undefined;
  allowReference?: boolean;
  hasReplied?: boolean;
}): ReplyReferencePlanner {
  let hasReplied = options.hasReplied ?? false;
  const id = options.existingId?.trim() || options.startId?.trim() || undefined;
  const peek = () => {
    if (options.allowReference === false || options.replyToMode === "off") return undefined;
    return hasReplied && isSingleUseReplyToMode(options.replyToMode) ? undefined : id;
  };
  return {
    peek,
    use() {
      const reference = peek();
      if (reference !== undefined) hasReplied = true;
      return reference;
    },
    markSent() {
      hasReplied = true;
    },
    hasReplied: () => hasReplied,
  };
}
