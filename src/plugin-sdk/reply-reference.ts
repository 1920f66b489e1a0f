export {
  createReplyReferencePlanner,
  isSingleUseReplyToMode,
  resolveBatchedReplyThreadingPolicy,
} from "./replies/reply-references.ts";
