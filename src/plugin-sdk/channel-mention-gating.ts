export { implicitMentionKindWhen, resolveInboundMentionDecision } from "../channels/access/mentions.ts";
