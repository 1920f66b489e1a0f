import type { Message, ModelContext, ModelDefinition, StreamOptions } from "sluice/plugin-sdk/model-stream";
import { isOAuthToken, OAUTH_BETA, withBetas } from "./stream-wrappers.ts";

type Json = Record<string, unknown>;

const VERSION = "2023-06-01";
const DEFAULT_MAX_TOKENS = 8_192;
/** Room for the answer itself beside the thinking. */
const MIN_ANSWER_TOKENS = 1_024;
/** Tokens a thinking level may use; the protocol's least is 1024. */
const THINKING_BUDGETS: Readonly<Record<string, number>> = {
  minimal: 1_024,
  low: 2_048,
  medium: 8_192,
  high: 16_384,
  xhigh: 24_576,
  max: 30_720,
  ultra: 30_720,
};

/** `baseUrl` may end in `/v1` or not. */
export function endpointOf(baseUrl: string, path: string): string {
  return `${baseUrl.replace(/\/+$/, "").replace(/\/v1$/, "")}/v1/${path}`;
}

export function authHeaders(apiKey: string | undefined): Record<string, string> {
  const version = { "anthropic-version": VERSION };
  if (!apiKey) return version;
  if (!isOAuthToken(apiKey)) return { ...version, "x-api-key": apiKey };
  return withBetas({ ...version, authorization: `Bearer ${apiKey}` }, [OAUTH_BETA]);
}

/** The body of `POST /v1/messages`. */
export function messagesBody(model: ModelDefinition, context: ModelContext, options: StreamOptions): Json {
  const thinking = thinkingOf(model, options);
  const wanted = options.maxTokens ?? model.maxTokens ?? DEFAULT_MAX_TOKENS;
  const budget = typeof thinking?.["budget_tokens"] === "number" ? thinking["budget_tokens"] : 0;
  const body: Json = {
    model: model.id,
    max_tokens: Math.max(wanted, budget === 0 ? 1 : budget + MIN_ANSWER_TOKENS),
    messages: toWireMessages(context.messages),
    stream: true,
  };
  if (context.systemPrompt) {
    body["system"] = [{ type: "text", text: context.systemPrompt, cache_control: { type: "ephemeral" } }];
  }
  if (thinking) body["thinking"] = thinking;
  // With thinking the server takes no other temperature than its own.
  else if (options.temperature !== undefined) body["temperature"] = options.temperature;
  if (options.topP !== undefined && !thinking) body["top_p"] = options.topP;
  if (options.stop?.length) body["stop_sequences"] = options.stop;
  if (context.tools?.length) {
    body["tools"] = context.tools.map(({ name, description, parameters }) => ({
      name,
      description,
      input_schema: { type: "object", ...parameters },
    }));
    const choice = toolChoice(options.toolChoice);
    if (choice) body["tool_choice"] = choice;
  }
  return body;
}

function thinkingOf(model: ModelDefinition, options: StreamOptions): Json | undefined {
  const level = options.reasoning;
  if (!model.reasoning || level === undefined || level === "off") return undefined;
  if (level === "adaptive") return { type: "adaptive" };
  return { type: "enabled", budget_tokens: THINKING_BUDGETS[level] ?? THINKING_BUDGETS["medium"] };
}

function toolChoice(choice: unknown): Json | undefined {
  if (choice === "auto" || choice === "none") return { type: choice };
  if (choice === "required" || choice === "any") return { type: "any" };
  const named = (choice as { function?: { name?: unknown }; name?: unknown } | undefined) ?? {};
  const name = named.function?.name ?? named.name;
  return typeof name === "string" ? { type: "tool", name } : undefined;
}

/** Neighbours of one role become one message: the protocol wants user and assistant in turn. */
function toWireMessages(messages: readonly Message[]): Json[] {
  const wire: { role: string; content: Json[] }[] = [];
  for (const message of messages) {
    const role = message.role === "assistant" ? "assistant" : "user";
    const content = contentOf(message);
    if (content.length === 0) continue;
    const last = wire.at(-1);
    if (last?.role === role) last.content.push(...content);
    else wire.push({ role, content });
  }
  return wire;
}

function contentOf(message: Message): Json[] {
  if (message.role === "toolResult") {
    return [
      {
        type: "tool_result",
        tool_use_id: toolId(message.toolCallId),
        content: parts(message.content),
        ...(message.isError ? { is_error: true } : {}),
      },
    ];
  }
  if (message.role === "user") {
    return typeof message.content === "string" ? textPart(message.content) : parts(message.content);
  }
  return message.content.flatMap((part): Json[] => {
    if (part.type === "text") return textPart(part.text);
    if (part.type === "toolCall") {
      return [{ type: "tool_use", id: toolId(part.id), name: part.name, input: part.arguments }];
    }
    // Without its signature the server refuses to see thinking again.
    if (!part.thinkingSignature) return [];
    return part.redacted
      ? [{ type: "redacted_thinking", data: part.thinkingSignature }]
      : [{ type: "thinking", thinking: part.thinking, signature: part.thinkingSignature }];
  });
}

function parts(
  content: readonly ({ type: "text"; text: string } | { type: "image"; data: string; mimeType: string })[],
) {
  return content.flatMap((part) =>
    part.type === "text"
      ? textPart(part.text)
      : [{ type: "image", source: { type: "base64", media_type: part.mimeType, data: part.data } }],
  );
}

function textPart(text: string): Json[] {
  return text.trim() === "" ? [] : [{ type: "text", text }];
}

/** Ids of other providers' calls may hold what this protocol refuses. */
function toolId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, 64);
}
