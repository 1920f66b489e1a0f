import type { ChannelConfig, ChannelPlugin, MessageToolDiscoveryContext } from "../../contracts/channel.ts";
import type { ToolFactoryContext, ToolRegistration } from "../../contracts/registrations.ts";
import type { AgentTool, AgentToolResult } from "../../contracts/tool.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { type Logger, silentLogger } from "../../kernel/logger.ts";
import { pick } from "../../kernel/records.ts";
import { isChannelEnabled } from "../accounts/accounts.ts";
import { asText } from "../config-values.ts";
import type { ChannelDirectory } from "../directory.ts";
import { resolveTarget } from "../routing/target.ts";
import { targetParameter } from "./actions.ts";
import {
  assertTargetParameters,
  chooseAccount,
  chooseOffer,
  chooseTarget,
  type ToolParams,
} from "./address.ts";
import { type ChannelOffer, messageToolSchema, offerOf } from "./describe.ts";
import { confineMediaSources, mediaParameters } from "./media-sources.ts";
import { hasPollContent, parsePoll } from "./poll.ts";
import { SentTexts } from "./sent-texts.ts";
import { discoveryOf } from "./turn-facts.ts";

/** How the tool puts a text into the outbox; given by the channel service. */
export type ToolSend = (request: {
  channel: string;
  accountId: string;
  to: string;
  text: string;
  media?: { urls: string[] };
  threadId?: string;
  replyToId?: string;
  sessionKey?: string;
  runId?: string;
  idempotencyKey: string;
}) => Promise<{ outboxId: string }>;

/** Targets of one broadcast. */
const MAX_BROADCAST = 50;

/**
 * The one `message` tool of all channels (spec 1.15). The host owns its name, its parameters and sending;
 * channels contribute actions and perform them.
 */
export class MessageTool {
  readonly registration: ToolRegistration;
  readonly #directory: ChannelDirectory;
  readonly #config: () => ChannelConfig;
  #send: ToolSend | undefined;
  #logger: Logger = silentLogger;
  #mediaFolder: string | undefined;
  readonly #sent = new SentTexts();

  constructor(parts: { directory: ChannelDirectory; config(): ChannelConfig }) {
    this.#directory = parts.directory;
    this.#config = parts.config;
    this.registration = {
      names: ["message"],
      optional: false,
      create: (context) => this.#create(context),
    };
  }

  /** Called once by the channel service; before that nothing can be sent. */
  connect(send: ToolSend, logger: Logger, mediaFolder?: string): void {
    this.#send = send;
    this.#logger = logger;
    this.#mediaFolder = mediaFolder;
  }

  /** True when the run has already said exactly this there by itself. */
  hasSent(runId: string, to: string, text: string): boolean {
    return this.#sent.has(runId, to, text);
  }

  forget(runId: string): void {
    this.#sent.forget(runId);
  }

  #create(turn: ToolFactoryContext): AgentTool | null {
    const cfg = this.#config();
    const discovery = discoveryOf(turn, cfg);
    const offers = this.#directory
      .list()
      .filter((plugin) => isChannelEnabled(plugin, cfg) && hasAccounts(this.#directory, plugin, cfg))
      .map((plugin) => offerOf(plugin, discovery, this.#logger))
      .filter((offer) => offer.actions.length > 0);
    if (offers.length === 0) return null;
    return {
      name: "message",
      label: "Message",
      description: `Sends and manages messages on chat channels (${offers.map(({ plugin }) => plugin.id).join(", ")}). The answer of this turn is delivered by itself; use this to write elsewhere or to do more than answer.`,
      parameters: messageToolSchema(offers, discovery.currentChannelProvider),
      execute: (toolCallId, params) =>
        this.#execute(toolCallId, params as ToolParams, turn, discovery, offers),
    };
  }

  async #execute(
    toolCallId: string,
    params: ToolParams,
    turn: ToolFactoryContext,
    discovery: MessageToolDiscoveryContext,
    offers: readonly ChannelOffer[],
  ): Promise<AgentToolResult> {
    const action = asText(params["action"]) ?? "";
    const { plugin, actions, mediaSourceParams } = chooseOffer(params, discovery, offers);
    if (!actions.includes(action)) throw unsupported(action, plugin.id);
    const accountId = chooseAccount(params, discovery, plugin, this.#directory);
    const targetKind = targetParameter(action);
    assertTargetParameters(params, action, targetKind);
    const mediaLocalRoots = [turn.workspaceDir, this.#mediaFolder].filter((root) => root !== undefined);
    const mediaNames = [...mediaParameters(mediaSourceParams, action), "media"];
    const confine = () => confineMediaSources(params, mediaNames, mediaLocalRoots);
    if (action === "broadcast") return this.#broadcast(toolCallId, await confine(), turn, plugin, accountId);
    const to = targetKind === "none" ? undefined : await chooseTarget(params, discovery, plugin, accountId);
    const actionParams = await confine();
    delete actionParams["target"];
    if (to !== undefined) actionParams[targetKind] = to;
    if (
      plugin.actions?.requiresTrustedRequesterSender?.({ action }) === true &&
      discovery.requesterSenderId === undefined
    ) {
      throw new SluiceError("FORBIDDEN", `${action} needs to know who asks for it`);
    }
    if (params["dryRun"] === true) return done({ action, channel: plugin.id, accountId, to, dryRun: true });
    const perform = () =>
      plugin.actions?.handleAction?.({
        channel: plugin.id,
        action,
        cfg: discovery.cfg,
        params: actionParams,
        accountId,
        mediaLocalRoots,
        ...pick(discovery, ["requesterSenderId", "senderIsOwner", "sessionKey", "sessionId", "agentId"]),
        toolContext: pick(discovery, [
          "currentChannelId",
          "currentChannelProvider",
          "currentThreadTs",
          "currentMessageId",
        ]),
      });
    const claims = plugin.actions?.supportsAction?.({ action });
    if (action === "send") {
      if (hasPollContent(params))
        throw new SluiceError("INVALID_REQUEST", "use the poll action to send a poll");
      const own = claims === true ? await perform() : undefined;
      return own ?? this.#sendText(toolCallId, actionParams, turn, plugin, accountId, to as string);
    }
    const result = claims === false ? undefined : await perform();
    if (result) return result;
    if (action === "poll") return this.#poll(params, plugin, accountId, to as string);
    throw unsupported(action, plugin.id);
  }

  async #sendText(
    toolCallId: string,
    params: ToolParams,
    turn: ToolFactoryContext,
    plugin: ChannelPlugin,
    accountId: string,
    to: string,
  ): Promise<AgentToolResult> {
    const text = asText(params["message"])?.trim() ?? "";
    const media = asText(params["media"]);
    if (text === "" && media === undefined) {
      throw new SluiceError("INVALID_REQUEST", "message is missing: give the text to send");
    }
    if (!this.#send)
      throw new SluiceError("UNAVAILABLE", "the channels have not started yet", { retryable: true });
    const threadId = asText(params["threadId"]);
    const replyToId = asText(params["replyTo"]);
    const { outboxId } = await this.#send({
      channel: plugin.id,
      accountId,
      to,
      text,
      ...(media === undefined ? {} : { media: { urls: [media] } }),
      ...(threadId === undefined ? {} : { threadId }),
      ...(replyToId === undefined ? {} : { replyToId }),
      ...(turn.sessionKey === undefined ? {} : { sessionKey: turn.sessionKey }),
      // A turn that is taken up after a crash repeats the call with the same id: it is queued once.
      idempotencyKey: `tool:${turn.runId ?? turn.sessionKey ?? ""}:${toolCallId}:${to}`,
    });
    if (turn.runId !== undefined && media === undefined) this.#sent.remember(turn.runId, to, text);
    return done({
      action: "send",
      channel: plugin.id,
      accountId,
      to,
      deliveryId: outboxId,
      status: "queued",
    });
  }

  async #broadcast(
    toolCallId: string,
    params: ToolParams,
    turn: ToolFactoryContext,
    plugin: ChannelPlugin,
    accountId: string,
  ): Promise<AgentToolResult> {
    const targets = Array.isArray(params["targets"]) ? params["targets"].map(String) : [];
    if (targets.length === 0 || targets.length > MAX_BROADCAST) {
      throw new SluiceError("INVALID_REQUEST", `broadcast takes 1 to ${MAX_BROADCAST} targets`);
    }
    const resolved = await Promise.all(
      targets.map((input) => resolveTarget(plugin, { cfg: this.#config(), accountId, input })),
    );
    if (params["dryRun"] === true)
      return done({ action: "broadcast", channel: plugin.id, to: resolved, dryRun: true });
    for (const to of resolved) await this.#sendText(toolCallId, params, turn, plugin, accountId, to);
    return done({ action: "broadcast", channel: plugin.id, to: resolved, status: "queued" });
  }

  async #poll(
    params: ToolParams,
    plugin: ChannelPlugin,
    accountId: string,
    to: string,
  ): Promise<AgentToolResult> {
    const sendPoll = plugin.outbound?.sendPoll;
    if (!sendPoll) throw unsupported("poll", plugin.id);
    const poll = parsePoll(params, plugin.outbound?.["pollMaxOptions"] as number | undefined);
    const result = await sendPoll.call(plugin.outbound, { cfg: this.#config(), to, accountId, poll });
    return done({ action: "poll", channel: plugin.id, to, ...result });
  }
}

function hasAccounts(directory: ChannelDirectory, plugin: ChannelPlugin, cfg: ChannelConfig): boolean {
  try {
    return directory.accountIds(plugin, cfg).length > 0;
  } catch {
    return false;
  }
}

function done(details: object): AgentToolResult {
  return { content: [{ type: "text", text: JSON.stringify(details) }], details };
}

function unsupported(action: string, channel: string): SluiceError {
  return new SluiceError("NOT_SUPPORTED", `Message action ${action} not supported for channel ${channel}.`);
}
