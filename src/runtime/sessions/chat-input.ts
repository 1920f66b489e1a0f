import type { ImagePart } from "../../contracts/messages.ts";
import { SluiceError } from "../../kernel/errors.ts";

/** The channel that messages of the chat page, and of other clients of `chat.send`, are said to come from. */
export const CHAT_PAGE_CHANNEL = "webchat";
/** Characters of one message. */
export const MAX_MESSAGE_CHARS = 1_000_000;
/** Files of one message. */
export const MAX_ATTACHMENTS = 20;
/** Decoded bytes of one image (spec 1.5). */
export const MAX_IMAGE_BYTES = 6_291_456;
/** Decoded bytes of all attachments of one message (spec 1.5). */
export const MAX_ATTACHMENT_BYTES = 19_464_192;

const STOP_WORDS = new Set([
  "/stop",
  "/abort",
  "stop",
  "esc",
  "abort",
  "exit",
  "interrupt",
  "halt",
  "please stop",
  "stop please",
  "stop run",
  "stop agent",
  "stop action",
  "stop openclaw",
  "stop sluice",
  "do not do that",
  "stopp",
  "anhalten",
  "aufhören",
  "arrête",
  "detén",
  "pare",
  "стоп",
  "停止",
  "やめて",
  "रुको",
  "توقف",
]);

const CONTROL = /\p{Cc}/gu;
const KEPT_CONTROLS = new Set(["\n", "\t"]);

/** A message without control characters (line ends and tabs stay), in Unicode's composed form. */
export function sanitizeMessage(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(CONTROL, (char) => (KEPT_CONTROLS.has(char) ? char : ""))
    .normalize("NFC");
}

/** True for a whole message that only asks to stop what is running (spec 5.6). */
export function isStopRequest(text: string): boolean {
  const words = text
    .trim()
    .toLowerCase()
    .replace(/[\s.!?,;:。！？]+$/u, "")
    .replace(/\s+/g, " ");
  return STOP_WORDS.has(words);
}

/** `/new` or `/reset` at the start, with the text after it; `undefined` for anything else. */
export function resetRequest(
  text: string,
  triggers: readonly string[] = ["/new", "/reset"],
): { reason: "new" | "reset"; rest: string } | undefined {
  const [first = "", ...others] = text.trim().split(/(\s+)/);
  if (!triggers.includes(first.toLowerCase())) return undefined;
  return { reason: first.toLowerCase() === "/reset" ? "reset" : "new", rest: others.join("").trim() };
}

export interface Attachment {
  type?: string | undefined;
  mimeType?: string | undefined;
  fileName?: string | undefined;
  content?: unknown;
}

/**
 * Attachments as images for the model. The content decides what a file is, not its stated type.
 *
 * @throws SluiceError `INVALID_REQUEST` naming the file and the limit
 */
export function imagesOf(attachments: readonly Attachment[]): ImagePart[] {
  if (attachments.length > MAX_ATTACHMENTS) {
    throw refused(`at most ${MAX_ATTACHMENTS} attachments`, { limit: MAX_ATTACHMENTS });
  }
  let total = 0;
  return attachments.map((attachment, index) => {
    const name = attachment.fileName ?? `attachment ${index + 1}`;
    const data = base64Of(attachment.content, name);
    const bytes = Math.floor((data.length * 3) / 4);
    total += bytes;
    if (total > MAX_ATTACHMENT_BYTES) {
      throw refused(`attachments together are larger than ${MAX_ATTACHMENT_BYTES} bytes`, {
        limit: MAX_ATTACHMENT_BYTES,
      });
    }
    const mimeType = imageType(data);
    if (!mimeType) throw refused(`${name} is not an image; only images can be attached`, { fileName: name });
    if (bytes > MAX_IMAGE_BYTES) {
      throw refused(`${name} is larger than ${MAX_IMAGE_BYTES} bytes`, {
        fileName: name,
        limit: MAX_IMAGE_BYTES,
      });
    }
    return { type: "image", data, mimeType };
  });
}

function base64Of(content: unknown, name: string): string {
  if (typeof content !== "string") throw refused(`${name}: content must be base64 text`, { fileName: name });
  const data = content.replace(/^data:[^,]*;base64,/, "").replace(/\s+/g, "");
  if (data === "" || data.length % 4 === 1 || !/^[A-Za-z0-9+/]*={0,2}$/.test(data)) {
    throw refused(`${name}: content is not valid base64`, { fileName: name });
  }
  return data;
}

/** What the first bytes say. */
function imageType(data: string): string | undefined {
  const head = Buffer.from(data.slice(0, 24), "base64");
  const ascii = head.toString("latin1");
  if (ascii.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return "image/jpeg";
  if (ascii.startsWith("GIF87a") || ascii.startsWith("GIF89a")) return "image/gif";
  if (ascii.startsWith("RIFF") && ascii.slice(8, 12) === "WEBP") return "image/webp";
  return undefined;
}

function refused(message: string, details: object): SluiceError<"INVALID_REQUEST"> {
  return new SluiceError("INVALID_REQUEST", message, { details });
}
