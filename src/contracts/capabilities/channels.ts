import type { Nothing } from "../hooks.ts";

/** Answers buttons and menus of a channel whose data starts with `namespace`. */
export interface InteractiveHandler {
  channel: string;
  namespace: string;
  handler(context: never): { handled?: boolean } | Nothing | Promise<{ handled?: boolean } | Nothing>;
}

/** Is told how an operator decided over the plugin's request for a conversation. */
export type ConversationBindingListener = (event: {
  status: "approved" | "denied";
  decision: "allow-once" | "allow-always" | "deny";
  binding?: Record<string, unknown>;
  request: Record<string, unknown>;
}) => void | Promise<void>;
