/** A place where people talk to the gateway. */
export interface ConversationRef {
  channel: string;
  accountId: string;
  conversationId: string;
  parentConversationId?: string;
  threadId?: string | number;
}

/** A conversation that a plugin owns: its inbound messages go to the plugin's `inbound_claim` (spec 3.12). */
export interface PluginConversationBinding extends ConversationRef {
  bindingId: string;
  pluginId: string;
  /** Absolute path. */
  pluginRoot: string;
  /** Milliseconds since the epoch. */
  boundAt: number;
  summary?: string;
  detachHint?: string;
  data?: unknown;
}

/** What goes with a request for a conversation. */
export interface BindingRequestParams {
  /** What the plugin wants with the conversation, for the operator. */
  summary?: string;
  /** How people get their conversation back. */
  detachHint?: string;
  /** JSON that the plugin finds in the binding again. */
  data?: unknown;
}

/** Bound at once, waiting for an operator, or refused. */
export type BindingRequestResult =
  | { status: "bound"; binding: PluginConversationBinding }
  /** An operator has to agree; `reply` says how. */
  | { status: "pending"; approvalId: string; reply: { text: string } }
  | { status: "error"; message: string };

/** What the context of a command or interactive handler offers for its conversation. */
export interface ConversationBindingCalls {
  requestConversationBinding(params?: BindingRequestParams): Promise<BindingRequestResult>;
  detachConversationBinding(): Promise<{ removed: boolean }>;
  getCurrentConversationBinding(): Promise<PluginConversationBinding | null>;
}
