/** What a model answers to a heartbeat when there is nothing to tell. */
export const HEARTBEAT_TOKEN = "HEARTBEAT_OK";

/** The question of a heartbeat, unless one is configured. */
export const HEARTBEAT_PROMPT = `Look at HEARTBEAT.md in your workspace, if it exists, and do what it asks. Do not take up finished tasks of earlier conversations again. If nothing needs attention, answer ${HEARTBEAT_TOKEN}.`;

/** A longer text beside the token is told, under the heartbeat's own rule. */
export const DEFAULT_HEARTBEAT_ACK_MAX_CHARS = 300;

const TOKEN_AT_START = new RegExp(`^[\\s*_~\`"'(]*${HEARTBEAT_TOKEN}[*_~\`"')]*[.!,;:]?`);
const TOKEN_AT_END = new RegExp(`[*_~\`"'(]*${HEARTBEAT_TOKEN}[\\s*_~\`"').!]*$`);

/**
 * Takes the token off either end of an answer. What is left of a heartbeat's answer is told when it is longer
 * than `maxAckChars`; what is left of another message always.
 */
export function stripHeartbeatToken(
  raw: string | undefined,
  options: { mode?: "heartbeat" | "message"; maxAckChars?: number } = {},
): { shouldSkip: boolean; text: string; didStrip: boolean } {
  const trimmed =
    raw?.replace(/<\/?[a-z][^<>]*>/gi, (tag) => (raw.includes(HEARTBEAT_TOKEN) ? " " : tag)).trim() ?? "";
  if (trimmed === "") return { shouldSkip: true, text: "", didStrip: false };
  if (!trimmed.includes(HEARTBEAT_TOKEN))
    return { shouldSkip: false, text: raw?.trim() ?? "", didStrip: false };
  const text = trimmed.replace(TOKEN_AT_START, "").replace(TOKEN_AT_END, "").trim();
  const didStrip = text !== trimmed;
  if (!didStrip) return { shouldSkip: false, text: trimmed, didStrip };
  const limit = Math.max(0, options.maxAckChars ?? DEFAULT_HEARTBEAT_ACK_MAX_CHARS);
  const isAcknowledgement = options.mode === "heartbeat" && text.length <= limit;
  return text === "" || isAcknowledgement
    ? { shouldSkip: true, text: "", didStrip }
    : { shouldSkip: false, text, didStrip };
}
