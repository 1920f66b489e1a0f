import type {
  AssistantMessage,
  Message,
  ModelContext,
  ModelDefinition,
  StreamOptions,
} from "sluice/plugin-sdk/model-stream";
import { REASONING_FIELDS } from "./answer-reader.ts";

type Compat = Readonly<Record<string, unknown>>;
type Json = Record<string, unknown>;

/** The body of `POST {baseUrl}/chat/completions` (spec 2.8). */
export function completionsBody(model: ModelDefinition, context: ModelContext, options: StreamOptions): Json {
  const compat = compatOf(model);
  const body: Json = {
    model: model.id,
    messages: toWireMessages(model, context, compat),
    stream: true,
  };
  if (compat["supportsUsageInStreaming"] !== false) body["stream_options"] = { include_usage: true };
  if (options.maxTokens !== undefined) {
    body[compat["maxTokensField"] === "max_completion_tokens" ? "max_completion_tokens" : "max_tokens"] =
      options.maxTokens;
  }
  if (options.temperature !== undefined) body["temperature"] = options.temperature;
  if (options.topP !== undefined) body["top_p"] = options.topP;
  if (options.stop?.length) body["stop"] = options.stop;
  if (compat["supportsStore"] === true) body["store"] = false;
  if (context.tools?.length && compat["supportsTools"] !== false) {
    const refused = new Set(listOf(compat["unsupportedToolSchemaKeywords"]));
    body["tools"] = context.tools.map(({ name, description, parameters }) => ({
      type: "function",
      function: {
        name,
        description,
        parameters: refused.size > 0 ? withoutKeywords(parameters, refused) : parameters,
      },
    }));
    if (options.toolChoice !== undefined) body["tool_choice"] = options.toolChoice;
  }
  if (model.reasoning) Object.assign(body, thinkingFields(compat, options.reasoning));
  return body;
}

/** Defaults by host: only the original gets the fields that others refuse (spec 2.3). */
function compatOf(model: ModelDefinition): Compat {
  const original = /^https:\/\/api\.openai\.com\//.test(`${model.baseUrl ?? ""}/`);
  const defaults = original
    ? {
        supportsStore: true,
        supportsDeveloperRole: true,
        supportsReasoningEffort: true,
        maxTokensField: "max_completion_tokens",
      }
    : {};
  return { ...defaults, ...model.compat };
}

function thinkingFields(compat: Compat, level: string | undefined): Json {
  const on = level !== undefined && level !== "off";
  switch (compat["thinkingFormat"]) {
    case "openrouter":
      return on ? { reasoning: { effort: effortOf(compat, level) } } : {};
    case "deepseek":
    case "zai":
      return { thinking: { type: on ? "enabled" : "disabled" } };
    case "qwen":
      return { enable_thinking: on };
    case "qwen-chat-template":
      return { chat_template_kwargs: { enable_thinking: on } };
    default:
      return compat["supportsReasoningEffort"] === true ? reasoningEffort(compat, on ? level : "off") : {};
  }
}

/** Off is said only to those who have a word for it. */
function reasoningEffort(compat: Compat, level: string): Json {
  const map = compat["reasoningEffortMap"] as Record<string, string> | undefined;
  if (level === "off" && map?.["off"] === undefined) return {};
  return { reasoning_effort: effortOf(compat, level) };
}

function effortOf(compat: Compat, level: string): string {
  const map = compat["reasoningEffortMap"] as Record<string, string> | undefined;
  return map?.[level] ?? (level === "adaptive" ? "medium" : level);
}

function toWireMessages(model: ModelDefinition, context: ModelContext, compat: Compat): Json[] {
  const wire: Json[] = [];
  if (context.systemPrompt) {
    const developer = model.reasoning === true && compat["supportsDeveloperRole"] === true;
    wire.push({ role: developer ? "developer" : "system", content: context.systemPrompt });
  }
  for (const message of context.messages) wire.push(...toWire(message, model, compat));
  return wire;
}

function toWire(message: Message, model: ModelDefinition, compat: Compat): Json[] {
  if (message.role === "user") return [{ role: "user", content: userContent(message, compat) }];
  if (message.role === "assistant") {
    const text = joinText(message.content);
    const calls = message.content.flatMap((part) =>
      part.type === "toolCall"
        ? [
            {
              id: part.id,
              type: "function",
              function: { name: part.name, arguments: JSON.stringify(part.arguments) },
            },
          ]
        : [],
    );
    return [
      {
        role: "assistant",
        content: text === "" && calls.length > 0 ? null : text,
        ...reasoningOf(message, model),
        ...(calls.length > 0 ? { tool_calls: calls } : {}),
      },
    ];
  }
  const images = message.content.filter((part) => part.type === "image");
  const result: Json = {
    role: "tool",
    tool_call_id: message.toolCallId,
    content: joinText(message.content) || (images.length > 0 ? "(see the image below)" : "(no output)"),
    ...(compat["requiresToolResultName"] === true ? { name: message.toolName } : {}),
  };
  // The protocol takes images from users only.
  return images.length > 0 ? [result, { role: "user", content: images.map(imagePart) }] : [result];
}

/** What the same model thought goes back in the field it came in. */
function reasoningOf(message: AssistantMessage, model: ModelDefinition): Json {
  if (message.provider !== model.provider || message.model !== model.id) return {};
  const thoughts = message.content.filter((part) => part.type === "thinking");
  const field = REASONING_FIELDS.find((name) => thoughts[0]?.thinkingSignature === name);
  return field ? { [field]: thoughts.map((part) => part.thinking).join("\n") } : {};
}

function userContent(message: Extract<Message, { role: "user" }>, compat: Compat): unknown {
  if (typeof message.content === "string") return message.content;
  const plain = message.content.every((part) => part.type === "text");
  if (plain || compat["requiresStringContent"] === true) return joinText(message.content);
  return message.content.map((part) =>
    part.type === "text" ? { type: "text", text: part.text } : imagePart(part),
  );
}

function imagePart(part: { data: string; mimeType: string }): Json {
  return { type: "image_url", image_url: { url: `data:${part.mimeType};base64,${part.data}` } };
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** A schema without the words a server refuses; names of properties stay whatever they are. */
function withoutKeywords(schema: unknown, refused: ReadonlySet<string>): unknown {
  if (Array.isArray(schema)) return schema.map((entry) => withoutKeywords(entry, refused));
  if (typeof schema !== "object" || schema === null) return schema;
  const kept: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (refused.has(key)) continue;
    kept[key] =
      key === "properties" && typeof value === "object" && value !== null
        ? Object.fromEntries(
            Object.entries(value).map(([name, property]) => [name, withoutKeywords(property, refused)]),
          )
        : withoutKeywords(value, refused);
  }
  return kept;
}

function joinText(parts: readonly { type: string; text?: string }[]): string {
  return parts.map((part) => (part.type === "text" ? (part.text ?? "") : "")).join("");
}
