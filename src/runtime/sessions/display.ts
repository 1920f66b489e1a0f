import type { Message, TextPart } from "../../contracts/messages.ts";
import type { TranscriptRecord } from "../../store/procedures/transcripts.ts";
import { isSilentReply } from "../agent/reply-text.ts";
import { parseMessage, textOf } from "../agent/transcript-context.ts";

/** Characters of one text shown to clients unless they ask for more. */
export const DEFAULT_MAX_CHARS = 8_000;
/** A row whose JSON is larger is replaced by a placeholder. */
export const MAX_ROW_BYTES = 131_072;
const CUT_MARK = "\n…(truncated)";
const DIRECTIVES = /\[\[\s*(?:reply_to(?::[^\]]*|_current)?|audio_as_voice)\s*\]\]/gi;
const CONTROL_TOKENS = /<\|[a-z_]{1,32}\|>/gi;

/** A message as `chat.history` and `session.message` show it. */
export type DisplayMessage = Record<string, unknown> & {
  role: string;
  __openclaw: { id: string; seq: number; recordTimestampMs: number; [fact: string]: unknown };
};

/**
 * A transcript entry as people see it (spec 5.6): directives and control tokens removed, long texts cut,
 * silent answers left out (`undefined`).
 */
export function displayMessage(
  entry: TranscriptRecord,
  maxChars: number = DEFAULT_MAX_CHARS,
): DisplayMessage | undefined {
  const message = entry.type === "message" ? parseMessage(entry) : undefined;
  if (!message) return undefined;
  if (message.role === "assistant" && isSilentReply(textOf(message))) return undefined;
  const facts = {
    id: entry.entryId,
    seq: entry.seq,
    recordTimestampMs: entry.createdAt,
    ...(entry.runId === undefined ? {} : { runId: entry.runId }),
    ...(message.role === "user" && entry.idempotencyKey ? { idempotencyKey: entry.idempotencyKey } : {}),
  };
  const shown: DisplayMessage = {
    ...message,
    content: shownContent(message, maxChars),
    ...(message.role === "user" && entry.idempotencyKey ? { idempotencyKey: entry.idempotencyKey } : {}),
    __openclaw: facts,
  };
  if (JSON.stringify(shown).length <= MAX_ROW_BYTES) return shown;
  return {
    role: message.role,
    timestamp: message.timestamp,
    content: [{ type: "text", text: "(this message is too large to show)" }],
    __openclaw: { ...facts, truncated: true },
  };
}

function shownContent(message: Message, maxChars: number): unknown {
  const clean = (text: string) => cut(cleanText(message, text), maxChars);
  if (typeof message.content === "string") return clean(message.content);
  return message.content.map((part) =>
    part.type === "text" ? ({ ...part, text: clean(part.text) } satisfies TextPart) : part,
  );
}

/** What a person typed is shown as typed; only the agent's words are cleaned. */
function cleanText(message: Message, text: string): string {
  if (message.role !== "assistant") return text;
  return text.replace(DIRECTIVES, "").replace(CONTROL_TOKENS, "").trim();
}

function cut(text: string, maxChars: number): string {
  return text.length > maxChars ? text.slice(0, maxChars) + CUT_MARK : text;
}

/** Role and text of an entry for a session's preview line. */
export function previewItem(body: string, maxChars: number): { role: string; text: string } | undefined {
  const message = parseMessage({ body });
  if (!message) return undefined;
  const text = textOf(message).replace(/\s+/g, " ").trim();
  const role = message.role === "toolResult" ? "tool" : message.role;
  if (text === "" || (role === "assistant" && isSilentReply(text))) return undefined;
  return { role, text: text.length > maxChars ? `${text.slice(0, maxChars - 1)}…` : text };
}
