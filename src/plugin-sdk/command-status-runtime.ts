export { resolveDirectStatusReplyForSession } from "./commands/status-reply.ts";
