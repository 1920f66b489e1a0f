import { type ChatEvent, type History, type Message, type ToolEvent, textOf } from "./wire.ts";

/** One bubble on the page. */
export interface Entry {
  /** Stable while it is shown: transcript id, or run id and role. */
  key: string;
  role: "user" | "assistant" | "tool" | "problem";
  text: string;
  /** Still growing. */
  streaming: boolean;
  runId?: string;
  /** Of a transcript message: the run that wrote it. */
  writtenBy?: string;
  note?: string;
}

/** What the page shows of one session, immutable. */
export interface Conversation {
  readonly entries: readonly Entry[];
  /** Run that can be stopped. */
  readonly activeRun: string | undefined;
}

export const emptyConversation: Conversation = { entries: [], activeRun: undefined };

/** The newest entries kept on the page; older ones stay in the transcript. */
export const MAX_ENTRIES = 500;

/**
 * The transcript as the gateway knows it, and after it what this page has sent or received meanwhile: history
 * may have been read before that was written, and before a run ended whose end is shown.
 */
export function fromHistory(history: History, shown: Conversation = emptyConversation): Conversation {
  const asked = new Set<string>();
  const answered = new Set<string>();
  for (const { role, idempotencyKey, __openclaw: facts } of history.messages) {
    if (role !== "user") answered.add(facts?.runId ?? "");
    else if (idempotencyKey) asked.add(idempotencyKey.replace(/:user$/, ""));
  }
  const ended = ({ key, streaming }: Entry) =>
    key === replyKey(history.inFlightRun?.runId ?? "") && !streaming;
  const run = shown.entries.some(ended) ? undefined : history.inFlightRun;
  const isNewer = ({ key, runId, role, streaming }: Entry) => {
    if (runId === undefined) return false;
    if (role === "user") return !asked.has(runId);
    if (answered.has(runId) || key === replyKey(run?.runId ?? "")) return false;
    // The gateway has the message and works on it no longer: its end was told while nobody listened here.
    return !(streaming && asked.has(runId));
  };
  const newer = shown.entries.filter(isNewer);
  const entries = history.messages.map(entryOf).filter((entry) => entry !== undefined);
  if (run) entries.push({ ...reply(run.runId, run.text ?? ""), streaming: true });
  const activeRun = run?.runId ?? newer.findLast((entry) => entry.streaming)?.runId;
  return { entries: bounded([...entries, ...newer]), activeRun };
}

/** Shows what the user typed before the gateway has answered. */
export function withUserMessage(conversation: Conversation, runId: string, text: string): Conversation {
  return {
    entries: bounded([
      ...conversation.entries,
      { key: userKey(runId), role: "user", text, streaming: false, runId },
      { ...reply(runId, ""), streaming: true },
    ]),
    activeRun: runId,
  };
}

/** Ends a run that the gateway did not take. */
export function withFailure(conversation: Conversation, runId: string, reason: string): Conversation {
  return settle(conversation, runId, (entry) => ({ ...entry, role: "problem", text: reason }));
}

export function withEvent(conversation: Conversation, event: ChatEvent): Conversation {
  const { runId } = event;
  if (event.state === "status" || event.state === "delta") {
    const known = withReply(conversation, runId);
    return {
      entries: known.entries.map((entry) =>
        isReply(entry, runId) ? { ...entry, text: grown(entry.text, event) } : entry,
      ),
      activeRun: runId,
    };
  }
  return settle(withReply(conversation, runId), runId, (entry) => {
    const text = event.message ? textOf(event.message.content) : entry.text;
    if (event.state === "error")
      return { ...entry, role: "problem", text: event.errorMessage ?? "the turn failed" };
    if (event.state === "aborted") return { ...entry, text, note: "stopped" };
    return { ...entry, text };
  });
}

/** Shows a tool at work, behind what the agent said before it; afterwards what it answered. */
export function withTool(conversation: Conversation, { runId, data }: ToolEvent): Conversation {
  const key = `${runId}:tool:${data.toolCallId}`;
  const known = withReply(conversation, runId);
  if (data.phase === "start") {
    const tool: Entry = { key, role: "tool", text: "", streaming: true, runId, note: data.name };
    const entries = known.entries.flatMap((entry) => {
      if (!isReply(entry, runId)) return [entry];
      const said = { ...entry, key: `${runId}:said:${data.toolCallId}`, streaming: false };
      return [...(entry.text === "" ? [] : [said]), tool, { ...entry, text: "" }];
    });
    return { entries: bounded(entries), activeRun: runId };
  }
  if (data.phase !== "result") return known;
  const text = textOf(data.result?.content);
  const entries = known.entries.map((entry) =>
    entry.key === key ? { ...entry, text, streaming: false } : entry,
  );
  return { ...known, entries };
}

function grown(text: string, event: ChatEvent): string {
  if (event.message) return textOf(event.message.content);
  if (event.deltaText === undefined) return text;
  return event.replace ? event.deltaText : text + event.deltaText;
}

function withReply(conversation: Conversation, runId: string): Conversation {
  if (conversation.entries.some((entry) => isReply(entry, runId))) return conversation;
  return {
    ...conversation,
    entries: bounded([...conversation.entries, { ...reply(runId, ""), streaming: true }]),
  };
}

function settle(conversation: Conversation, runId: string, change: (entry: Entry) => Entry): Conversation {
  return {
    entries: conversation.entries
      .map((entry) => (isReply(entry, runId) ? change(entry) : entry))
      .map((entry) => (entry.runId === runId ? { ...entry, streaming: false } : entry))
      // A silent reply leaves nothing to show.
      .filter((entry) => !isReply(entry, runId) || entry.text !== "" || entry.note !== undefined)
      .filter((entry) => !isReply(entry, runId) || !isWritten(conversation, runId, entry)),
    activeRun: conversation.activeRun === runId ? undefined : conversation.activeRun,
  };
}

/** The transcript was read after this reply had been written and before its end was told. */
function isWritten({ entries }: Conversation, runId: string, { role, text }: Entry): boolean {
  const last = entries.findLast((entry) => entry.writtenBy === runId);
  return last !== undefined && last.role === role && last.text === text;
}

function reply(runId: string, text: string): Entry {
  return { key: replyKey(runId), role: "assistant", text, streaming: false, runId };
}

function userKey(runId: string): string {
  return `${runId}:user`;
}

function replyKey(runId: string): string {
  return `${runId}:reply`;
}

function isReply(entry: Entry, runId: string): boolean {
  return entry.key === replyKey(runId);
}

function bounded(entries: Entry[]): Entry[] {
  return entries.slice(-MAX_ENTRIES);
}

function entryOf(message: Message, index: number): Entry | undefined {
  const facts = message.__openclaw;
  const text = textOf(message.content);
  const common = {
    key: facts?.id ?? `history:${index}`,
    text,
    streaming: false,
    ...(facts?.runId === undefined ? {} : { writtenBy: facts.runId }),
  };
  if (message.role === "user") return { ...common, role: "user" };
  if (message.role === "assistant") {
    if (text !== "") return { ...common, role: "assistant" };
    if (message.errorMessage) return { ...common, role: "problem", text: message.errorMessage };
    return undefined;
  }
  if (message.role === "toolResult") return { ...common, role: "tool", note: message.toolName ?? "tool" };
  return undefined;
}
