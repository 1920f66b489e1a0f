import type { CliBackend, CliBackendConfig, CliBackendEvent } from "../../contracts/capabilities.ts";
import type { Usage } from "../../contracts/messages.ts";
import { emptyUsage } from "../../contracts/messages.ts";
import { isRecord } from "../../kernel/records.ts";

const SESSION_FIELDS = ["session_id", "sessionId", "thread_id", "conversation_id", "conversationId"];
const ANSWER_TYPES: ReadonlySet<string> = new Set([
  "result",
  "assistant",
  "message",
  "text",
  "response",
  "final",
  "error",
]);
const TEXT_FIELDS = ["result", "response", "text", "content", "message", "output"];

/** What a run has said so far, whatever its format. */
export class CliAnswer {
  text = "";
  sessionId: string | undefined;
  usage: Usage = emptyUsage();
  errorText: string | undefined;
  readonly #sessionFields: readonly string[];

  constructor(config: CliBackendConfig) {
    this.#sessionFields = config.sessionIdFields?.length ? config.sessionIdFields : SESSION_FIELDS;
  }

  /** Takes one event; returns the text it adds. */
  take(event: CliBackendEvent): string {
    switch (event.kind) {
      case "text":
        this.text += event.text;
        return event.text;
      case "sessionId":
        this.sessionId = event.sessionId;
        return "";
      case "result": {
        if (event.sessionId) this.sessionId = event.sessionId;
        if (isRecord(event.usage)) this.usage = usageOf(event.usage);
        if (event.errorText) this.errorText = event.errorText;
        // A result repeats what was said; it speaks only where nothing was.
        return event.text && this.text === "" ? this.take({ kind: "text", text: event.text }) : "";
      }
      default:
        return "";
    }
  }

  /** Takes a whole output that is one JSON value, or a list of them; plain text counts as the answer. */
  takeJson(output: string): void {
    const value = parse(output.trim());
    if (value === undefined) {
      this.text = output.trim();
      return;
    }
    const events = Array.isArray(value)
      ? value.flatMap((part) => this.eventsOfLine(part))
      : this.eventsOf(value);
    for (const event of events) this.take(event);
  }

  /** What one of several JSON objects means: most of them tell of the work and not of the answer. */
  eventsOfLine(value: unknown): CliBackendEvent[] {
    if (!isRecord(value)) return [];
    const { type, role } = value as { type?: unknown; role?: unknown };
    const item = isRecord(value["item"]) ? value["item"] : undefined;
    if (item?.["type"] === "agent_message") {
      const text = textIn(item["text"]);
      return [{ kind: "text", text: this.text === "" ? text : `\n\n${text}` }];
    }
    const speaks =
      (type === undefined || ANSWER_TYPES.has(String(type))) && (role === undefined || role === "assistant");
    if (speaks) return this.eventsOf(value);
    const sessionId = this.sessionIn(value);
    const usage = isRecord(value["usage"]) ? value["usage"] : undefined;
    return sessionId || usage
      ? [{ kind: "result", ...(sessionId ? { sessionId } : {}), ...(usage ? { usage } : {}) }]
      : [];
  }

  /** What a JSON object means that is the whole answer. */
  eventsOf(value: unknown): CliBackendEvent[] {
    if (!isRecord(value)) return [];
    const sessionId = this.sessionIn(value);
    const usage = isRecord(value["usage"]) ? value["usage"] : undefined;
    const text = TEXT_FIELDS.map((field) => textIn(value[field])).find((found) => found !== "");
    const failed = value["is_error"] === true || value["type"] === "error";
    return [
      {
        kind: "result",
        ...(sessionId ? { sessionId } : {}),
        ...(usage ? { usage } : {}),
        ...(failed ? { errorText: text ?? "the program reported an error" } : text ? { text } : {}),
      },
    ];
  }

  sessionIn(value: Record<string, unknown>): string | undefined {
    const found = this.#sessionFields
      .map((field) => value[field])
      .find((id) => typeof id === "string" && id !== "");
    return typeof found === "string" ? found : undefined;
  }
}

/** What a line of a `jsonl` output means: by the backend's own reader, its dialect, or its fields. */
export function eventsOfLine(
  line: string,
  backend: CliBackend,
  config: CliBackendConfig,
  answer: CliAnswer,
): readonly CliBackendEvent[] {
  if (line.trim() === "") return [];
  if (backend.parseJsonlEvent) {
    const read = backend.parseJsonlEvent(line, { backendId: backend.id, backend: config });
    return (Array.isArray(read) ? read : [read]).filter((event): event is CliBackendEvent => isRecord(event));
  }
  const value = parse(line);
  if (!isRecord(value)) return [];
  const read = config.jsonlDialect && DIALECTS[config.jsonlDialect];
  return read ? read(value, answer) : answer.eventsOfLine(value);
}

/** Model events wrapped in lines of their own, then one result. */
function wrappedEvents(value: Record<string, unknown>, answer: CliAnswer): CliBackendEvent[] {
  const events: CliBackendEvent[] = [];
  const sessionId = answer.sessionIn(value);
  if (sessionId) events.push({ kind: "sessionId", sessionId });
  const inner = isRecord(value["event"]) ? value["event"] : {};
  const delta = isRecord(inner["delta"]) ? inner["delta"] : {};
  if (value["type"] === "stream_event" && delta["type"] === "text_delta") {
    events.push({ kind: "text", text: String(delta["text"] ?? "") });
  }
  if (value["type"] === "stream_event" && delta["type"] === "thinking_delta") {
    events.push({ kind: "thinking", text: String(delta["thinking"] ?? "") });
  }
  if (value["type"] === "result") {
    const text = textIn(value["result"]);
    const failed = value["is_error"] === true;
    events.push({
      kind: "result",
      ...(isRecord(value["usage"]) ? { usage: value["usage"] } : {}),
      ...(failed
        ? { errorText: text || String(value["subtype"] ?? "the program reported an error") }
        : { text }),
    });
  }
  return events;
}

/** Messages, errors and a result side by side. */
function plainEvents(value: Record<string, unknown>, answer: CliAnswer): CliBackendEvent[] {
  const events: CliBackendEvent[] = [];
  const sessionId = answer.sessionIn(value);
  if (sessionId) events.push({ kind: "sessionId", sessionId });
  if (value["type"] === "message" && value["role"] === "assistant") {
    events.push({ kind: "text", text: textIn(value["content"]) });
  }
  if (value["type"] === "error")
    events.push({ kind: "result", errorText: textIn(value["message"]) || "error" });
  if (value["type"] === "result") {
    const failed = value["status"] === "error";
    const error = isRecord(value["error"]) ? textIn(value["error"]["message"]) : textIn(value["error"]);
    events.push({
      kind: "result",
      ...(isRecord(value["stats"]) ? { usage: value["stats"] } : {}),
      ...(failed ? { errorText: error || "the program reported an error" } : {}),
    });
  }
  return events;
}

/** The contract's names of what programs print. */
const DIALECTS = { "claude-stream-json": wrappedEvents, "gemini-stream-json": plainEvents };

/** A text, or the texts of a message's parts. */
function textIn(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map((part) => (isRecord(part) ? textIn(part["text"]) : "")).join("");
  return isRecord(value) ? textIn(value["content"] ?? value["text"]) : "";
}

function usageOf(given: Record<string, unknown>): Usage {
  const count = (...names: string[]) => {
    const found = names.map((name) => given[name]).find((value) => typeof value === "number" && value >= 0);
    return typeof found === "number" ? found : 0;
  };
  const input = count("input_tokens", "inputTokens", "input");
  const output = count("output_tokens", "outputTokens", "output");
  const cacheRead = count("cache_read_input_tokens", "cached_input_tokens", "cacheRead", "cached");
  const cacheWrite = count("cache_creation_input_tokens", "cacheWrite");
  return {
    ...emptyUsage(),
    input,
    output,
    cacheRead,
    cacheWrite,
    totalTokens: input + output + cacheRead + cacheWrite,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
