export {
  buildMentionRegexes,
  implicitMentionKindWhen,
  normalizeMentionText,
  resolveInboundMentionDecision,
} from "../channels/access/mentions.ts";
