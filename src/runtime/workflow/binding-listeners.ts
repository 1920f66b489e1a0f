import type { ConversationBindingListener } from "../../contracts/capabilities.ts";
import type { ApprovalDecision } from "../../contracts/hooks.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { pick } from "../../kernel/records.ts";
import type { RegistryReader } from "../../plugins/types.ts";
import type { BindingRecord } from "../../store/procedures/conversation-bindings.ts";
import { refOf, shownBinding } from "./conversation-refs.ts";

/** Tells a plugin how an operator decided over its request for a conversation; what it throws is logged. */
export function tellListeners(
  { registry, logger }: { registry: Pick<RegistryReader, "current">; logger: Logger },
  record: BindingRecord,
  decision: ApprovalDecision,
): void {
  const approved = record.status === "bound";
  const event: Parameters<ConversationBindingListener>[0] = {
    status: approved ? "approved" : "denied",
    decision,
    ...(approved ? { binding: { ...shownBinding(record) } } : {}),
    request: {
      ...pick(record.details, ["summary", "detachHint", "data", "requestedBySenderId"]),
      conversation: refOf(record),
    },
  };
  const complain = (error: unknown) =>
    logger.warn("a conversation binding listener failed", {
      pluginId: record.pluginId,
      error: errorMessage(error),
    });
  for (const entry of registry
    .current()
    .list<{ listener: ConversationBindingListener }>("conversationBindingListener")) {
    if (entry.pluginId !== record.pluginId) continue;
    try {
      Promise.resolve(entry.value.listener(structuredClone(event))).catch(complain);
    } catch (error) {
      complain(error);
    }
  }
}
