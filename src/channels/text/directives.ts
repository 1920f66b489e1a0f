/** What a model may write into its answer for the host alone (spec 1.11). */
export interface ReplyDirectives {
  text: string;
  /** A message id, or `current` for the message being answered. */
  replyTo?: string;
  audioAsVoice?: boolean;
  /** True when the model chose to say nothing. */
  silent: boolean;
}

const SILENT_TOKEN = "NO_REPLY";

/** Takes `[[reply_to…]]`, `[[audio_as_voice]]` and `NO_REPLY` out of an answer. */
export function parseReplyDirectives(raw: string): ReplyDirectives {
  let replyTo: string | undefined;
  let audioAsVoice = false;
  let text = raw.replace(
    /\[\[\s*(reply_to_current|audio_as_voice|reply_to:\s*([^\]\s]+))\s*\]\][ \t]?/gi,
    (_match, directive: string, id?: string) => {
      if (/^audio/i.test(directive)) audioAsVoice = true;
      else replyTo = id ?? "current";
      return "";
    },
  );
  const silent = isSilentText(text);
  if (silent) text = "";
  const result: ReplyDirectives = { text: replyTo || audioAsVoice ? text.trim() : text, silent };
  if (replyTo !== undefined) result.replyTo = replyTo;
  if (audioAsVoice) result.audioAsVoice = true;
  return result;
}

/** True for `NO_REPLY` alone, or leading or trailing on a line of its own. */
export function isSilentText(text: string): boolean {
  const lines = text.trim().split("\n");
  const isToken = (line: string | undefined) => line?.trim().toUpperCase() === SILENT_TOKEN;
  return isToken(lines[0]) || isToken(lines.at(-1));
}

/** Files one answer may send. */
export const MAX_REPLY_MEDIA = 10;
const MAX_MEDIA_SOURCE = 4_096;
const MEDIA_LINE = /^\s*MEDIA:\s*(\S.*?)\s*$/;

/**
 * Takes lines `MEDIA:<path or url>` out of an answer (spec 1.11). Lines inside a code block are text: they are
 * being talked about. More than {@link MAX_REPLY_MEDIA} stay in the text too.
 */
export function takeMediaLines(raw: string): { text: string; mediaUrls: string[] } {
  if (!raw.includes("MEDIA:")) return { text: raw, mediaUrls: [] };
  const mediaUrls: string[] = [];
  let fenced = false;
  const kept = raw.split("\n").filter((line) => {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    const source = fenced ? undefined : MEDIA_LINE.exec(line)?.[1]?.replace(/^([`"'])(.*)\1$/, "$2");
    if (!source || source.length > MAX_MEDIA_SOURCE || mediaUrls.length >= MAX_REPLY_MEDIA) return true;
    mediaUrls.push(source);
    return false;
  });
  if (mediaUrls.length === 0) return { text: raw, mediaUrls };
  return {
    text: kept
      .join("\n")
      .replace(/\n{3,}/g, "\n\n")
      .trim(),
    mediaUrls,
  };
}
