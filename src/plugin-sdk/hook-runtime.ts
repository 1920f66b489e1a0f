export { fireAndForgetBoundedHook, fireAndForgetHook } from "./hooks/background-tasks.ts";
export { createInternalHookEvent, triggerInternalHook } from "./hooks/internal-events.ts";
export {
  buildCanonicalSentMessageHookContext,
  deriveInboundMessageHookContext,
  type SentMessageFacts,
  toInternalMessageReceivedContext,
  toInternalMessageSentContext,
  toPluginMessageContext,
  toPluginMessageReceivedEvent,
  toPluginMessageSentEvent,
} from "./hooks/message-facts.ts";
