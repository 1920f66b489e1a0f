import type { AgentToolResult } from "../tool.ts";
import type { ChannelConfig } from "./values.ts";

/** What the shared `message` tool can do on a channel (spec 1.15). */

/** The fragment of a turn's identity that the shared `message` tool is described with (spec 1.15). */
export interface MessageToolDiscoveryContext {
  cfg: ChannelConfig;
  chatType?: string;
  currentChannelId?: string;
  currentChannelProvider?: string;
  currentThreadTs?: string;
  currentMessageId?: string;
  accountId?: string;
  sessionKey?: string;
  sessionId?: string;
  agentId?: string;
  requesterSenderId?: string;
  senderIsOwner?: boolean;
}

/** Parameters that a channel adds to the tool's schema. */
export interface MessageToolFragment {
  properties: Record<string, object>;
  actions?: string[];
  visibility?: "current-channel" | "all-configured";
}

/**
 * What a channel offers in a turn. `mediaSourceParams` names parameters that hold files, for all actions or by
 * action.
 */
export interface MessageToolDescription {
  actions?: string[];
  capabilities?: string[];
  schema?: MessageToolFragment | MessageToolFragment[];
  mediaSourceParams?: string[] | Record<string, string[]>;
}

/** An action to be performed; files in `params` are confined already. */
export interface ChannelMessageActionContext {
  channel: string;
  action: string;
  cfg: ChannelConfig;
  params: Record<string, unknown>;
  accountId?: string;
  requesterSenderId?: string;
  senderIsOwner?: boolean;
  sessionKey?: string;
  sessionId?: string;
  agentId?: string;
  toolContext?: object;
  dryRun?: boolean;
  [extra: string]: unknown;
}

/** Actions of a channel (spec 1.15). */
export interface ChannelMessageActionAdapter {
  describeMessageTool?(context: MessageToolDiscoveryContext): MessageToolDescription | null;
  supportsAction?(params: { action: string }): boolean;
  /** `null` or `undefined` declines. */
  handleAction?(context: ChannelMessageActionContext): Promise<AgentToolResult | null | undefined>;
  requiresTrustedRequesterSender?(params: { action: string; toolContext?: object }): boolean;
  /** Older form of `describeMessageTool`. */
  listActions?(params: { cfg: ChannelConfig }): string[];
  [member: string]: unknown;
}
