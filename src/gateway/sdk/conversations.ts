import type { ConversationRef } from "../../contracts/conversation-binding.ts";
import type { SdkConversations } from "../../contracts/sdk-conversations.ts";
import { isSluiceError } from "../../kernel/errors.ts";
import type { RegistryReader } from "../../plugins/types.ts";
import type {
  ApprovalResolver,
  BindingPlugin,
  ConversationBindings,
  PluginApprovals,
} from "../../runtime/workflow/index.ts";
import { shownBinding, snapshotOf } from "../../runtime/workflow/index.ts";

/** The rooms behind approvals and conversations of plugins. */
export interface ConversationSdkRooms {
  readonly approvals: PluginApprovals;
  readonly bindings: ConversationBindings;
  readonly registry: RegistryReader;
}

/** What channels may ask about approvals and about conversations that plugins own. */
export function createSdkConversations(rooms: () => ConversationSdkRooms): SdkConversations {
  const by = (senderId: string | undefined): ApprovalResolver => ({
    kind: "channel",
    ...(senderId === undefined ? {} : { id: senderId }),
  });
  return {
    async resolveApproval({ approvalId, decision, senderId }) {
      const { applied, record } = await rooms().approvals.settle(approvalId, decision, by(senderId));
      return { applied, approval: { ...snapshotOf(record) } };
    },
    async resolveBinding({ approvalId, decision, senderId }) {
      const { approvals, bindings } = rooms();
      try {
        await approvals.settle(approvalId, decision, by(senderId));
      } catch (error) {
        if (isSluiceError(error) && error.code === "INVALID_REQUEST") return { status: "expired" };
        throw error;
      }
      return bindings.outcomeOf(approvalId);
    },
    ownerOf(conversation) {
      const owner = rooms().bindings.ownerOf(conversation);
      return owner ? shownBinding(owner) : null;
    },
    detach: (conversation) => rooms().bindings.detach(conversation),
    callsFor: (pluginId, conversation, senderId) =>
      rooms().bindings.callsFor(pluginOf(rooms().registry, pluginId), conversation, senderId),
  };
}

function pluginOf(registry: RegistryReader, pluginId: string): BindingPlugin {
  const [entry] = registry.current().ofPlugin(pluginId);
  return { pluginId, pluginName: entry?.pluginName ?? pluginId, rootDir: entry?.rootDir ?? "" };
}

/** The conversation of an interactive callback, from the fields that every channel gives its handlers. */
export function callbackConversation(context: Record<string, unknown>): ConversationRef | undefined {
  const { channel, conversationId, parentConversationId, threadId } = context;
  if (typeof channel !== "string" || typeof conversationId !== "string" || conversationId === "") {
    return undefined;
  }
  const accountId = typeof context["accountId"] === "string" ? context["accountId"] : "default";
  return {
    channel,
    accountId,
    conversationId,
    ...(typeof parentConversationId === "string" ? { parentConversationId } : {}),
    ...(typeof threadId === "string" || typeof threadId === "number" ? { threadId } : {}),
  };
}
