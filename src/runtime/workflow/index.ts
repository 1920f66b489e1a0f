export { type ApprovalQuestion, MAX_APPROVAL_DESCRIPTION, MAX_APPROVAL_TITLE } from "./approval-question.ts";
export { approvalRef } from "./approval-ref.ts";
export { snapshotOf } from "./approval-snapshot.ts";
export {
  type ApprovalEvent,
  type ApprovalResolver,
  MAX_APPROVAL_TIMEOUT_MS,
  PluginApprovals,
} from "./approvals.ts";
export { ContextEngines } from "./context-engines.ts";
export { type BindingPlugin, ConversationBindings } from "./conversation-bindings.ts";
export { conversationOf, shownBinding } from "./conversation-refs.ts";
export { NextTurnInjections } from "./injections.ts";
export { memoryTools } from "./memory-tools.ts";
export { runSessionAction } from "./session-actions.ts";
export { SessionExtensions } from "./session-extensions.ts";
