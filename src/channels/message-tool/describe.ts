import type {
  ChannelPlugin,
  MessageToolDescription,
  MessageToolDiscoveryContext,
  MessageToolFragment,
} from "../../contracts/channel.ts";
import type { Logger } from "../../kernel/logger.ts";
import { isMessageAction } from "./actions.ts";

/** What one channel lets a turn do. */
export interface ChannelOffer {
  plugin: ChannelPlugin;
  actions: string[];
  fragments: MessageToolFragment[];
  mediaSourceParams?: MessageToolDescription["mediaSourceParams"];
}

/** Asks a channel what it offers in this turn. Unknown action names are left out and reported. */
export function offerOf(
  plugin: ChannelPlugin,
  context: MessageToolDiscoveryContext,
  logger: Logger,
): ChannelOffer {
  let described: MessageToolDescription | null | undefined;
  let listed: string[] = [];
  try {
    if (plugin.actions?.describeMessageTool) described = plugin.actions.describeMessageTool(context);
    else listed = plugin.actions?.listActions?.({ cfg: context.cfg }) ?? [];
  } catch (error) {
    logger.warn("a channel could not describe its message actions", { channel: plugin.id, error });
  }
  const actions = new Set(plugin.outbound?.sendText ? ["send"] : []);
  // The shared way to poll, for channels that say nothing of their own actions.
  if (plugin.outbound?.sendPoll && !plugin.actions) actions.add("poll");
  for (const action of described?.actions ?? listed) {
    if (isMessageAction(action)) actions.add(action);
    else logger.warn("an unknown message action is left out", { channel: plugin.id, action });
  }
  const schema = described?.schema;
  const fragments = schema === undefined ? [] : Array.isArray(schema) ? schema : [schema];
  const { mediaSourceParams } = described ?? {};
  return {
    plugin,
    actions: [...actions],
    fragments,
    ...(mediaSourceParams === undefined ? {} : { mediaSourceParams }),
  };
}

/** The tool's parameters: what every channel shares, and what the channels of this turn add. */
export function messageToolSchema(
  offers: readonly ChannelOffer[],
  currentChannel: string | undefined,
): object {
  const text = (description: string) => ({ type: "string", description });
  const properties: Record<string, object> = {
    action: { type: "string", enum: [...new Set(offers.flatMap((offer) => offer.actions))] },
    channel: text("Channel id; default: the channel of this conversation."),
    target: text("Who or where: a name, a room or an id. Default: this conversation."),
    targets: { type: "array", items: { type: "string" }, description: "Several targets, for broadcast." },
    accountId: text("Account of the channel, when it has several."),
    message: text("The text to send."),
    media: text("A file of the workspace or a web address to send along."),
    replyTo: text("Id of the message to reply to."),
    threadId: text("Thread or topic."),
    messageId: text("The message to act on."),
    emoji: text("For reactions."),
    pollQuestion: text("For polls."),
    pollOption: { type: "array", items: { type: "string" }, description: "For polls: the choices." },
    pollMulti: { type: "boolean", description: "For polls: more than one choice allowed." },
    pollDurationHours: { type: "number", description: "For polls." },
    limit: { type: "integer", description: "For reading and searching." },
    query: text("For searching."),
    dryRun: { type: "boolean", description: "Only say what would be done." },
  };
  // The current channel's fragments come first, so that its definition of a shared name wins.
  const ordered = [...offers].sort(
    (a, b) => Number(b.plugin.id === currentChannel) - Number(a.plugin.id === currentChannel),
  );
  for (const { plugin, fragments } of ordered) {
    for (const fragment of fragments) {
      if (fragment.visibility !== "all-configured" && plugin.id !== currentChannel) continue;
      for (const [name, schema] of Object.entries(fragment.properties)) properties[name] ??= schema;
    }
  }
  return { type: "object", properties, required: ["action"], additionalProperties: true };
}
