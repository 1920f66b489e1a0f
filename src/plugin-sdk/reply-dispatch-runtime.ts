export { generateConversationLabel } from "./replies/conversation-label.ts";
