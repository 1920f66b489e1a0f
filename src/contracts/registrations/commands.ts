import type { ConversationBindingCalls } from "../conversation-binding.ts";
import type { Nothing, ReplyPayload } from "../hooks.ts";
import type { OperatorScope } from "./scopes.ts";

/** A kind of prompt that a hint for the agent is meant for; the last two are older names of the first. */
export type PromptSurface =
  | "openclaw_main"
  | "codex_app_server"
  | "cli_backend"
  | "acp_backend"
  | "subagent"
  | "pi_main"
  | "OmeniaClaw_main";

/** A call of a chat command, and who makes it where. */
export interface PluginCommandContext extends Partial<ConversationBindingCalls> {
  channel: string;
  isAuthorizedSender: boolean;
  commandBody: string;
  config: Readonly<Record<string, unknown>>;
  args?: string;
  senderId?: string;
  senderIsOwner?: boolean;
  channelId?: string;
  agentId?: string;
  sessionKey?: string;
  sessionId?: string;
  /** The session with its store, as `api.runtime.agent.session` names it. */
  sessionTarget?: { agentId: string; sessionId: string; sessionKey: string; storePath: string };
  /** The conversation, as its channel calls it. */
  from?: string;
  to?: string;
  accountId?: string;
  messageThreadId?: string | number;
  /** The conversation that holds the thread. */
  threadParentId?: string;
  [extra: string]: unknown;
}

/** A command's answer. */
export type PluginCommandResult = ReplyPayload & {
  /** Lets the agent's turn go on after the command. */
  continueAgent?: boolean;
  suppressReply?: boolean;
};

/** A chat command that bypasses the model (spec 3.5). */
export interface PluginCommand {
  name: string;
  description: string;
  handler(
    context: PluginCommandContext,
  ): PluginCommandResult | Nothing | Promise<PluginCommandResult | Nothing>;
  nativeNames?: Record<string, string>;
  nativeProgressMessages?: Record<string, string>;
  descriptionLocalizations?: Record<string, string>;
  channels?: string[];
  agentPromptGuidance?: (string | { text: string; surfaces?: PromptSurface[] })[];
  acceptsArgs?: boolean;
  clientPresentation?: { when: "no-arguments"; action: { kind: "device-pairing" } };
  /** Default true: only authorised senders. */
  requireAuth?: boolean;
  requiredScopes?: OperatorScope[];
  exposeSenderIsOwner?: boolean;
  ownership?: "plugin" | "reserved";
}
