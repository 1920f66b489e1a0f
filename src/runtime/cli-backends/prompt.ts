import type { Message } from "../../contracts/messages.ts";

/** Of what was said before, so much is told to a session that begins in the middle; the end counts. */
export const MAX_RESEED_CHARS = 64_000;

/** What a command line is told: the user's words, below what was said before where its session does not know it. */
export function promptOf(messages: readonly Message[], resumed: boolean): string {
  const asked = messages.findLastIndex((message) => message.role === "user");
  const words = asked < 0 ? "" : messageText(messages[asked]);
  if (resumed) return words;
  const before = messages
    .slice(0, Math.max(0, asked))
    .map(lineOf)
    .filter((line) => line !== "")
    .join("\n\n");
  if (before === "") return words;
  const kept = before.length > MAX_RESEED_CHARS ? `…${before.slice(-MAX_RESEED_CHARS)}` : before;
  return `The conversation so far:\n\n${kept}\n\nThe message to answer:\n\n${words}`;
}

/** The text of a message, without pictures, thoughts and tool calls. */
export function messageText(message: Message | undefined): string {
  if (!message) return "";
  if (typeof message.content === "string") return message.content;
  return message.content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

function lineOf(message: Message): string {
  const text = messageText(message).trim();
  if (text === "") return "";
  if (message.role === "toolResult") return `Result of ${message.toolName}: ${text}`;
  return `${message.role === "user" ? "User" : "Assistant"}: ${text}`;
}
