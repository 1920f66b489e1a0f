import type { ChannelConfig } from "../../contracts/channel.ts";
import type { ReplyPayload } from "../../contracts/hooks.ts";
import { errorMessage, isSluiceError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner, RegistryReader } from "../../plugins/types.ts";
import type { ApprovalEvent, ConversationBindings, PluginApprovals } from "../../runtime/workflow/index.ts";
import { shownBinding } from "../../runtime/workflow/index.ts";
import type { BindingRecord } from "../../store/procedures/conversation-bindings.ts";
import { asRecord, asText } from "../config-values.ts";
import type { ChannelDirectory } from "../directory.ts";
import type { MessageOutlet } from "../outbound/outlet.ts";
import { approvalTargets } from "./approval-targets.ts";
import { type ApproveCommand, readApproveCommand } from "./approve-command.ts";
import { isControlCommandMessage } from "./commands.ts";
import type { HeardMessage } from "./heard.ts";

/** Gives a bound conversation back to the agent. */
const DETACH = /^\/detach$/i;

/** What plugins and operators may do with a conversation, as the channels room sees it. */
export interface ConversationRooms {
  approvals: Pick<PluginApprovals, "resolve" | "onEvent">;
  bindings: Pick<ConversationBindings, "ownerOf" | "detach">;
}

export interface HostDeskParts {
  rooms?: ConversationRooms;
  registry: Pick<RegistryReader, "current">;
  hooks: HookRunner;
  channels: ChannelDirectory;
  config(): ChannelConfig;
  outlet: Pick<MessageOutlet, "enqueue">;
  logger: Logger;
}

/** Why a message became no turn, and what its sender reads. */
export interface Intercepted {
  reason: string;
  reply?: string;
}

/**
 * Answers messages before the agent hears of them: decisions on approvals, whose turn may be waiting in the
 * same conversation, and messages of conversations that belong to a plugin (plugin-sdk spec 3.12, 4.10).
 */
export class HostDesk {
  readonly #parts: HostDeskParts;

  constructor(parts: HostDeskParts) {
    this.#parts = parts;
  }

  /** Whether a plugin owns the conversation; its messages need no mention. */
  isBound(message: Pick<HeardMessage, "conversation">): boolean {
    return this.#parts.rooms?.bindings.ownerOf(message.conversation) !== undefined;
  }

  async intercept(message: HeardMessage): Promise<Intercepted | undefined> {
    const { rooms } = this.#parts;
    if (!rooms) return undefined;
    const approve = readApproveCommand(message.text);
    if (approve) return this.#approve(rooms, approve, message);
    const owner = rooms.bindings.ownerOf(message.conversation);
    return owner && this.#claim(rooms, owner, message);
  }

  /** Shows a question in the chat whose message led to it, and where the operator wants questions shown. */
  async showQuestion(event: ApprovalEvent): Promise<void> {
    if (event.kind === "resolved") return;
    const { id, request } = event;
    const { channels, config, outlet, logger } = this.#parts;
    const text = [
      `Approval needed: ${request.title}`,
      ...(request.description ? [request.description] : []),
      `Answer with /approve ${id} ${request.allowedDecisions.join(" | ")}`,
    ].join("\n");
    for (const { channel, to, threadId, ...target } of approvalTargets(config(), request)) {
      const plugin = channels.get(channel);
      const accountId = target.accountId ?? (plugin && channels.defaultAccountId(plugin, config()));
      if (accountId === undefined) {
        logger.warn("a question can not be shown: its channel is not loaded", { id, channel });
        continue;
      }
      await outlet.enqueue({
        // Once in each place, however often the gateway starts while the question is open.
        idempotencyKey: ["approval", id, channel, accountId, to, threadId ?? ""].join(":"),
        channel,
        accountId,
        to,
        ...(threadId === undefined ? {} : { threadId }),
        text,
      });
    }
  }

  async #approve(
    rooms: ConversationRooms,
    { id, decision }: ApproveCommand,
    message: HeardMessage,
  ): Promise<Intercepted> {
    const reason = "command:approve";
    const refusal = this.#mayNotDecide(message);
    if (refusal) return { reason, reply: refusal };
    try {
      // A name is what somebody calls themselves; the platform vouches for the id.
      const by = message.senderId ?? message.senderName;
      await rooms.approvals.resolve(id, decision, {
        kind: "channel",
        ...(by === undefined ? {} : { id: by }),
      });
      return { reason, reply: `Noted: ${decision}.` };
    } catch (error) {
      if (!isSluiceError(error) || error.code !== "INVALID_REQUEST") throw error;
      return { reason, reply: `That was not possible: ${error.message}.` };
    }
  }

  /** Those who may give commands decide; a channel may narrow that to its approvers. */
  #mayNotDecide({ record, senderId, authorized }: HeardMessage): string | undefined {
    if (!authorized) return "You may not decide approvals here.";
    const { channels, config, logger } = this.#parts;
    const capability = asRecord(channels.get(record.channel)?.approvalCapability);
    const authorize = capability["authorizeActorAction"];
    if (typeof authorize !== "function") return undefined;
    try {
      const verdict = asRecord(
        authorize.call(capability, {
          cfg: config(),
          accountId: record.accountId,
          senderId,
          action: "approve",
          approvalKind: "plugin",
        }),
      );
      return verdict["authorized"] === true
        ? undefined
        : (asText(verdict["reason"]) ?? "You may not decide approvals here.");
    } catch (error) {
      logger.warn("a channel could not say who may approve", {
        channel: record.channel,
        error: errorMessage(error),
      });
      return "You may not decide approvals here.";
    }
  }

  async #claim(
    rooms: ConversationRooms,
    owner: BindingRecord,
    message: HeardMessage,
  ): Promise<Intercepted | undefined> {
    const { hooks, registry, logger } = this.#parts;
    // Commands keep their meaning in a bound conversation; otherwise nobody could give it back.
    if (message.authorized && this.#isCommand(message.text, message.record.channel)) return undefined;
    if (message.authorized && DETACH.test(message.text.trim())) {
      await rooms.bindings.detach(message.conversation);
      return { reason: "command:detach", reply: "This conversation is with the agent again." };
    }
    const own = registry.current().ofPlugin(owner.pluginId);
    const listens = own.some(
      ({ kind, value }) => kind === "typedHook" && asRecord(value)["hook"] === "inbound_claim",
    );
    const claim = listens
      ? await hooks
          .run<{ handled: boolean; reply?: ReplyPayload }>(
            "inbound_claim",
            claimEvent(message),
            claimContext(message, owner),
          )
          .catch((error: unknown) => {
            logger.warn("inbound_claim failed", { pluginId: owner.pluginId, error: errorMessage(error) });
            return undefined;
          })
      : undefined;
    if (claim?.handled) {
      const text = asText(claim.reply?.text);
      return { reason: "binding:handled", ...(text ? { reply: text } : {}) };
    }
    const outcome = own.length === 0 ? "missing_plugin" : listens ? "declined" : "no_handler";
    const hint = owner.details.detachHint ?? "Send /detach to talk to the agent again.";
    const why = outcome === "missing_plugin" ? "which is not loaded" : "which did not answer";
    return {
      reason: `binding:${outcome}`,
      reply: `This conversation belongs to the plugin ${owner.pluginId}, ${why}. ${hint}`,
    };
  }

  #isCommand(text: string, channel: string): boolean {
    if (isControlCommandMessage(text)) return true;
    const name = /^\/([a-z][a-z0-9_-]*)(?:\s|$)/i.exec(text.trim())?.[1]?.toLowerCase();
    const command = name && this.#parts.registry.current().get("command", name);
    if (!command) return false;
    const channels = asRecord(command.value)["channels"];
    return !Array.isArray(channels) || channels.includes(channel);
  }
}

function claimEvent(message: HeardMessage): object {
  const { conversation, record } = message;
  return {
    content: message.text,
    body: message.text,
    bodyForAgent: message.textForAgent,
    ...conversation,
    messageId: record.messageId,
    sessionKey: message.sessionKey,
    runId: record.inboxId,
    isGroup: message.isGroup,
    commandAuthorized: message.authorized,
    senderIsOwner: message.authorized,
    ...present({
      timestamp: message.timestamp,
      senderId: message.senderId,
      senderName: message.senderName,
      senderUsername: message.senderUsername,
      wasMentioned: message.wasMentioned,
      replyToId: message.replyToId,
      media: message.media,
      metadata: message.metadata,
    }),
  };
}

function claimContext(
  { conversation, record, sessionKey, agentId, senderId }: HeardMessage,
  owner: BindingRecord,
) {
  return {
    channelId: conversation.channel,
    accountId: conversation.accountId,
    conversationId: conversation.conversationId,
    sessionKey,
    agentId,
    runId: record.inboxId,
    messageId: record.messageId,
    ...present({ senderId, parentConversationId: conversation.parentConversationId }),
    pluginBinding: shownBinding(owner),
  };
}

function present(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
