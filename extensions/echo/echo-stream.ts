import { setTimeout as sleep } from "node:timers/promises";
import {
  AnswerBuilder,
  type AssistantMessageEvent,
  answerStream,
  type Message,
  type ModelContext,
  type StreamFn,
} from "sluice/plugin-sdk/model-stream";

/** Longest pause before a word. */
export const MAX_DELAY_MS = 10_000;

const HINT =
  "(This is echo, an offline test model: it repeats and does not think. Set agents.defaults.model to use a real one.)";

/** What the model will say: text, or a tool call. */
export type EchoPlan =
  | { kind: "text"; text: string }
  | { kind: "tool"; name: string; arguments: Record<string, unknown>; text: string };

/**
 * Decides the answer from the conversation alone, so that equal input gives equal output. A message
 * `/tool <name> <json>` asks for a tool call; the result of a call is reported in words.
 */
export function planEcho(context: ModelContext): EchoPlan {
  const last = context.messages.at(-1);
  if (!last) return { kind: "text", text: `There is nothing to repeat yet. ${HINT}` };
  if (last.role === "toolResult") return { kind: "text", text: reportOf(last, context.messages) };
  const said = lastLine(textOf(last));
  const wanted = /^\/tool\s+(\S+)\s*([\s\S]*)$/.exec(said);
  if (!wanted) return { kind: "text", text: `You said: ${said}\n\n${HINT}` };
  const name = wanted[1] ?? "";
  if (!context.tools?.some((tool) => tool.name === name)) {
    const known = context.tools?.map((tool) => tool.name).join(", ") || "none";
    return { kind: "text", text: `There is no tool named ${name}. I have: ${known}.` };
  }
  const given = parseArguments(wanted[2] ?? "");
  if (!given) return { kind: "text", text: `The arguments of ${name} must be a JSON object.` };
  return { kind: "tool", name, arguments: given, text: `Calling ${name}.` };
}

/** `[delay=50]` in a message: pause that long before each word of the answer to it. */
export function delayIn(messages: readonly Message[], fallbackMs: number): number {
  const user = messages.findLast((message) => message.role === "user");
  const asked = /\[delay=(\d{1,5})\]/.exec(user ? textOf(user) : "")?.[1];
  return Math.min(asked === undefined ? fallbackMs : Number(asked), MAX_DELAY_MS);
}

/** Builds the echo model's stream function; `delayMs` is asked for every answer. */
export function createEchoStream(delayMs: () => number): StreamFn {
  return (model, context, options = {}) => {
    const { signal } = options;
    const answer = new AnswerBuilder(model);
    const plan = planEcho(context);
    const pauseMs = delayIn(context.messages, delayMs());
    async function* events(): AsyncGenerator<AssistantMessageEvent> {
      yield answer.start();
      let words = 0;
      for (const word of plan.text.match(/\s*\S+/g) ?? []) {
        if (pauseMs > 0) await sleep(pauseMs, undefined, signal ? { signal } : {});
        signal?.throwIfAborted();
        words += 1;
        yield* answer.text(word);
      }
      const input = countWords(context);
      const free = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 };
      answer.note({
        usage: { input, output: words, cacheRead: 0, cacheWrite: 0, totalTokens: input + words, cost: free },
      });
      if (plan.kind === "text") {
        yield* answer.done("stop");
        return;
      }
      const id = `echo-${context.messages.length}`;
      yield* answer.toolCall({ id, name: plan.name, arguments: plan.arguments });
      yield* answer.done("toolUse");
    }
    return answerStream(answer, events, signal);
  };
}

function reportOf(last: Extract<Message, { role: "toolResult" }>, messages: readonly Message[]): string {
  const results = [];
  for (const message of [...messages].reverse()) {
    if (message.role !== "toolResult") break;
    results.unshift(`${message.toolName} ${message.isError ? "failed" : "returned"}: ${textOf(message)}`);
  }
  return results.length > 0 ? results.join("\n") : `${last.toolName} returned nothing.`;
}

/** Context may stand before the user's own words; the last block is theirs. */
function lastLine(text: string): string {
  const blocks = text.trim().split(/\n\n+/);
  const command = blocks.find((block) => block.startsWith("/tool "));
  return command ?? text.trim();
}

function parseArguments(text: string): Record<string, unknown> | undefined {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function textOf(message: Message): string {
  if (typeof message.content === "string") return message.content;
  return message.content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

function countWords(context: ModelContext): number {
  return context.messages.reduce(
    (sum, message) => sum + textOf(message).split(/\s+/).filter(Boolean).length,
    0,
  );
}
