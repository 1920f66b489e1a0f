import { createHash } from "node:crypto";
import type { AssistantMessage, Message } from "../../contracts/messages.ts";
import type { ReplayPolicy } from "../../contracts/provider.ts";

/** What stands in front of a conversation that begins with the assistant, where that is refused. */
export const CONVERSATION_GOES_ON = "(The conversation goes on.)";

const STRICT9_LENGTH = 9;

/**
 * The conversation in the form a provider takes it (spec 2.8). Messages that need no change are the same
 * objects; the given ones are never changed.
 */
export function applyReplayPolicy(messages: readonly Message[], policy: ReplayPolicy): Message[] {
  let replayed = [...messages];
  if (policy.dropThinkingBlocks) replayed = withoutThinking(replayed, replayed.length);
  else if (policy.dropReasoningFromHistory) {
    const current = replayed.findLastIndex((message) => message.role === "user");
    replayed = withoutThinking(replayed, current);
  }
  if (policy.sanitizeThoughtSignatures?.allowBase64Only) replayed = replayed.map(withoutForeignSignatures);
  if (policy.sanitizeToolCallIds) replayed = withPlainIds(replayed, policy.toolCallIdMode ?? "strict");
  if (policy.validateAnthropicTurns) replayed = joinUserTurns(replayed);
  if (policy.validateGeminiTurns) replayed = joinAssistantTurns(replayed);
  const first = replayed[0];
  if (policy.applyAssistantFirstOrderingFix && first?.role === "assistant") {
    replayed.unshift({ role: "user", content: CONVERSATION_GOES_ON, timestamp: first.timestamp });
  }
  return replayed;
}

function withoutThinking(messages: readonly Message[], before: number): Message[] {
  return messages.flatMap((message, index) => {
    if (index >= before || message.role !== "assistant") return [message];
    const content = message.content.filter((part) => part.type !== "thinking");
    if (content.length === message.content.length) return [message];
    return content.length > 0 ? [{ ...message, content }] : [];
  });
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function withoutForeignSignatures(message: Message): Message {
  if (message.role !== "assistant") return message;
  const content = message.content.map((part) => {
    if (part.type !== "toolCall" || part.thoughtSignature === undefined) return part;
    if (BASE64.test(part.thoughtSignature)) return part;
    const { thoughtSignature: _dropped, ...rest } = part;
    return rest;
  });
  return { ...message, content };
}

/** Call ids of one alphabet; a call and its result keep the same one, two calls never share one. */
function withPlainIds(messages: readonly Message[], mode: "strict" | "strict9"): Message[] {
  const names = new PlainIds(mode);
  return messages.map((message) => {
    if (message.role === "toolResult") {
      const toolCallId = names.of(message.toolCallId);
      return toolCallId === message.toolCallId ? message : { ...message, toolCallId };
    }
    if (message.role !== "assistant" || !message.content.some((part) => part.type === "toolCall")) {
      return message;
    }
    const content = message.content.map((part) =>
      part.type === "toolCall" ? { ...part, id: names.of(part.id) } : part,
    );
    return { ...message, content };
  });
}

class PlainIds {
  readonly #mode: "strict" | "strict9";
  readonly #known = new Map<string, string>();
  readonly #taken = new Set<string>();

  constructor(mode: "strict" | "strict9") {
    this.#mode = mode;
  }

  of(id: string): string {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    let plain = this.#plain(id);
    for (let salt = 1; this.#taken.has(plain); salt++) plain = this.#hashed(`${salt}:${id}`);
    this.#known.set(id, plain);
    this.#taken.add(plain);
    return plain;
  }

  #plain(id: string): string {
    const plain = id.replace(/[^A-Za-z0-9]/g, "");
    if (this.#mode === "strict9") return plain === id && id.length === STRICT9_LENGTH ? id : this.#hashed(id);
    return plain === "" ? this.#hashed(id) : plain;
  }

  #hashed(id: string): string {
    const hex = createHash("sha256").update(id).digest("hex");
    return this.#mode === "strict9" ? hex.slice(0, STRICT9_LENGTH) : hex.slice(0, 32);
  }
}

/** Neighbouring messages of the user as one: the roles have to take turns. */
function joinUserTurns(messages: readonly Message[]): Message[] {
  const joined: Message[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (message.role !== "user" || last?.role !== "user") {
      joined.push(message);
      continue;
    }
    const content =
      typeof last.content === "string" && typeof message.content === "string"
        ? `${last.content}\n\n${message.content}`
        : [...partsOf(last.content), ...partsOf(message.content)];
    joined[joined.length - 1] = { ...message, content };
  }
  return joined;
}

function partsOf(content: Extract<Message, { role: "user" }>["content"]) {
  return typeof content === "string" ? [{ type: "text" as const, text: content }] : content;
}

function joinAssistantTurns(messages: readonly Message[]): Message[] {
  const joined: Message[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (message.role === "assistant" && last?.role === "assistant") {
      const both: AssistantMessage = { ...message, content: [...last.content, ...message.content] };
      joined[joined.length - 1] = both;
    } else joined.push(message);
  }
  return joined;
}
