import type { Message, ToolResultMessage, UserMessage } from "../../contracts/messages.ts";
import type { TranscriptRecord, TurnHistory } from "../../store/procedures/transcripts.ts";

/** Earlier entries a turn reads. */
export const HISTORY_ENTRIES = 400;
/** Characters of earlier entries that reach the model; the oldest whole turns are left out first. */
export const HISTORY_MAX_CHARS = 400_000;

/** What the model is told about a call whose result was never recorded. */
export const LOST_RESULT_TEXT = "The result of this tool call was lost when the gateway stopped.";

interface Group {
  runId: string | null;
  bodies: string[];
}

/**
 * The conversation before a turn, as its model sees it. Messages are accepted while earlier turns still
 * run, so the transcript interleaves turns; here each turn's messages stand together, in the order in
 * which the turns were accepted, and turns accepted later than `ownSeq` are left out.
 */
export function historyMessages(
  { seqs, runIds, bodies }: TurnHistory,
  ownSeq: number,
  maxChars: number = HISTORY_MAX_CHARS,
): Message[] {
  const groups: Group[] = [];
  const byRun = new Map<string, Group>();
  for (const [index, body] of bodies.entries()) {
    const runId = runIds[index] ?? null;
    const known = runId === null ? undefined : byRun.get(runId);
    if (known) {
      known.bodies.push(body);
      continue;
    }
    if (runId !== null && (seqs[index] ?? 0) > ownSeq) continue;
    const group: Group = { runId, bodies: [body] };
    groups.push(group);
    if (runId !== null) byRun.set(runId, group);
  }
  return trimmed(groups, maxChars).flatMap((group) =>
    repairPairs(group.bodies.map((body) => parseMessage({ body })).filter(isPresent)),
  );
}

function trimmed(groups: Group[], maxChars: number): Group[] {
  let chars = 0;
  let first = groups.length;
  while (first > 0) {
    const size = groups[first - 1]?.bodies.reduce((sum, body) => sum + body.length, 0) ?? 0;
    if (chars + size > maxChars && first < groups.length) break;
    chars += size;
    first -= 1;
  }
  return groups.slice(first);
}

function isPresent(message: Message | undefined): message is Message {
  return message !== undefined;
}

/** A recorded body as a message; `undefined` for anything that is none. */
export function parseMessage(entry: Pick<TranscriptRecord, "body">): Message | undefined {
  try {
    const value = JSON.parse(entry.body) as Message;
    return value.role === "user" || value.role === "assistant" || value.role === "toolResult"
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Puts every tool result directly after its call, in the order of the calls: a missing one is made up as
 * an error, one without a call or a second one for the same call is dropped. Assistant messages that only
 * carry an error are dropped (spec 3.8).
 */
export function repairPairs(messages: readonly Message[]): Message[] {
  const results = new Map<string, ToolResultMessage>();
  for (const message of messages) {
    if (message.role === "toolResult" && !results.has(message.toolCallId)) {
      results.set(message.toolCallId, message);
    }
  }
  const repaired: Message[] = [];
  for (const message of messages) {
    if (message.role === "user") repaired.push(message);
    if (message.role !== "assistant" || message.content.length === 0) continue;
    repaired.push(message);
    for (const part of message.content) {
      if (part.type !== "toolCall") continue;
      repaired.push(results.get(part.id) ?? lostResult(part.id, part.name, message.timestamp));
      results.delete(part.id);
    }
  }
  return repaired;
}

export function lostResult(
  toolCallId: string,
  toolName: string,
  timestamp: number,
  text = LOST_RESULT_TEXT,
): ToolResultMessage {
  return {
    role: "toolResult",
    toolCallId,
    toolName,
    content: [{ type: "text", text }],
    isError: true,
    timestamp,
  };
}

/** The visible text of a message, parts joined. */
export function textOf(message: Pick<Message, "content">): string {
  if (typeof message.content === "string") return message.content;
  return message.content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** A message for the model: `details` of tool results stay behind (spec 11.4). */
export function forModel(message: Message): Message {
  if (message.role !== "toolResult" || message.details === undefined) return message;
  const { details: _kept, ...rest } = message;
  return rest;
}

/** The same user message with context put before and after its text. */
export function withContext(
  message: UserMessage,
  text: string,
  around: { prepend?: string; append?: string },
): UserMessage {
  const full = [around.prepend, text, around.append]
    .filter((part) => part !== undefined && part !== "")
    .join("\n\n");
  if (typeof message.content === "string") return { ...message, content: full };
  const others = message.content.filter((part) => part.type !== "text");
  return { ...message, content: [{ type: "text", text: full }, ...others] };
}
