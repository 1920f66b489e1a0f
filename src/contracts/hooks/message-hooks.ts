import type { HookShape } from "./hook-shape.ts";

/** Where a message comes from, or goes. */
export interface MessageHookContext {
  channelId: string;
  accountId?: string;
  conversationId?: string;
  sessionKey?: string;
  runId?: string;
  messageId?: string;
  senderId?: string;
  [extra: string]: unknown;
}

/** An answer, or one part of it. */
export interface ReplyPayload {
  text?: string;
  mediaUrl?: string;
  mediaUrls?: string[];
  replyToId?: string;
  isError?: boolean;
  [extra: string]: unknown;
}

/** Hooks of messages on their way in and out (spec 4.10). */
export interface MessageHooks {
  inbound_claim: HookShape<
    { content: string; channel: string; isGroup: boolean; [extra: string]: unknown },
    MessageHookContext & { agentId?: string; pluginBinding?: unknown },
    { handled: boolean; reply?: ReplyPayload }
  >;
  channel_pairing_requested: HookShape<
    { channel: string; senderId: string; code: string; accountId?: string; metadata?: object },
    MessageHookContext
  >;
  message_received: HookShape<
    {
      from: string;
      content: string;
      timestamp?: number;
      threadId?: string | number;
      messageId?: string;
      senderId?: string;
      sessionKey?: string;
      runId?: string;
      metadata?: Record<string, unknown>;
      [extra: string]: unknown;
    },
    MessageHookContext
  >;
  before_dispatch: HookShape<
    {
      content: string;
      messageId?: string;
      body?: string;
      channel?: string;
      sessionKey?: string;
      senderId?: string;
      isGroup?: boolean;
      timestamp?: number;
      [extra: string]: unknown;
    },
    MessageHookContext,
    { handled: boolean; text?: string }
  >;
  reply_dispatch: HookShape<
    { ctx: object; sendPolicy: "allow" | "deny"; [extra: string]: unknown },
    { dispatchKind?: "agent" | "acp"; [extra: string]: unknown },
    { handled: boolean; queuedFinal: boolean; counts: { tool: number; block: number; final: number } }
  >;
  message_sending: HookShape<
    {
      to: string;
      content: string;
      replyToId?: string;
      threadId?: string | number;
      metadata?: Record<string, unknown>;
    },
    MessageHookContext,
    { content?: string; cancel?: boolean; cancelReason?: string; metadata?: Record<string, unknown> }
  >;
  reply_payload_sending: HookShape<
    { payload: ReplyPayload; kind: string; channel?: string; sessionKey?: string; runId?: string },
    MessageHookContext,
    { payload?: ReplyPayload; cancel?: boolean; reason?: string }
  >;
  message_sent: HookShape<
    {
      to: string;
      content: string;
      success: boolean;
      messageId?: string;
      sessionKey?: string;
      runId?: string;
      error?: string;
      [extra: string]: unknown;
    },
    MessageHookContext
  >;
}
