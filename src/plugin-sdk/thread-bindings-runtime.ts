export {
  type AccountConversationBinding,
  type AccountScopedConversationBindingManager,
  createAccountScopedConversationBindingManager,
  resetAccountScopedConversationBindingsForTests,
} from "./bindings/account-bindings.ts";
export {
  resolveThreadBindingIdleTimeoutMsForChannel,
  resolveThreadBindingMaxAgeMsForChannel,
} from "./bindings/thread-bindings.ts";
