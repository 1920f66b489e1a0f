import type { InboundMessage } from "sluice/plugin-sdk/channel-contract";
import type { IrcAccount } from "./account.ts";
import type { IncomingLine } from "./connection.ts";
import { stripFormatting } from "./lines.ts";

/** An IRC line as the host takes it. */
export function toInboundMessage(line: IncomingLine, account: IrcAccount, ownNick: string): InboundMessage {
  const plain = stripFormatting(line.text);
  const text = line.isAction ? `* ${line.nick} ${plain}` : plain;
  const addressed = withoutAddress(text, ownNick);
  const joined = account.channels.some(({ name }) => name.toLowerCase() === line.target.toLowerCase());
  const message: InboundMessage = {
    channel: "irc",
    accountId: account.accountId,
    messageId: line.messageId,
    conversation: line.isChannel
      ? { kind: "group", id: line.target.toLowerCase(), label: line.target, configured: joined }
      : { kind: "direct", id: line.nick.toLowerCase(), label: line.nick },
    sender: {
      // An account name is proved by the network; a mask is what the server sees; a nick is anybody's.
      id: line.account === undefined ? line.mask : `account:${line.account}`,
      aliases: [line.mask, ...(account.matchNicks ? [line.nick] : [])],
      name: line.nick,
      username: line.nick,
    },
    text,
    mention: { canDetect: true, wasMentioned: mentions(plain, ownNick) },
    reply: { to: line.isChannel ? line.target : line.nick },
  };
  if (addressed !== text) message.textForAgent = addressed;
  if (line.timestamp !== undefined) message.timestamp = line.timestamp;
  return message;
}

/** The nick stands alone somewhere in the text. */
export function mentions(text: string, nick: string): boolean {
  const letter = "[\\p{L}\\p{N}_\\-\\[\\]\\\\^{}|`]";
  return new RegExp(`(?<!${letter})${escapeForRegExp(nick)}(?!${letter})`, "iu").test(text);
}

/** `nick: text` and `nick, text` without the nick. */
export function withoutAddress(text: string, nick: string): string {
  const rest = text.replace(new RegExp(`^@?${escapeForRegExp(nick)}\\s*[:,]\\s*`, "iu"), "");
  return rest.trim() === "" ? text : rest;
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
