import type {
  ConversationBindingCalls,
  ConversationRef,
  PluginConversationBinding,
} from "./conversation-binding.ts";
import type { ApprovalDecision } from "./hooks.ts";

/** An approval after somebody answered: `applied` is false when it had ended before. */
export interface SdkApprovalResolution {
  applied: boolean;
  approval: {
    id: string;
    status: "pending" | "allowed" | "denied" | "expired" | "cancelled";
    decision?: ApprovalDecision;
    [field: string]: unknown;
  };
}

export interface SdkBindingResolution {
  status: "approved" | "denied" | "expired";
  decision?: ApprovalDecision;
  /** The plugin that asked. */
  pluginId?: string;
  summary?: string;
  detachHint?: string;
}

/** Approvals and conversations of plugins, for SDK functions of channels. */
export interface SdkConversations {
  resolveApproval(params: {
    approvalId: string;
    approvalKind?: string;
    decision: ApprovalDecision;
    senderId?: string;
  }): Promise<SdkApprovalResolution>;
  /** Decides a plugin's request for a conversation. */
  resolveBinding(params: {
    approvalId: string;
    decision: ApprovalDecision;
    senderId?: string;
  }): Promise<SdkBindingResolution>;
  /** The plugin that owns a conversation. */
  ownerOf(conversation: ConversationRef): PluginConversationBinding | null;
  detach(conversation: ConversationRef): Promise<{ removed: boolean }>;
  /** What an interactive handler of a plugin may ask for its conversation. */
  callsFor(
    pluginId: string,
    conversation: ConversationRef | undefined,
    senderId?: string,
  ): ConversationBindingCalls;
}
