import { resolveTextChunkLimit } from "../../channels/outbound/chunk-plan.ts";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { asOptionalRecord, asRecordOrEmpty, readPath, type UnknownRecord } from "../values/records.ts";

/** How an account wants answers to appear: `streaming.*`, and older flat keys. */

export type StreamingMode = "off" | "partial" | "block" | "progress";

type Entry = object | null | undefined;

const MODES: readonly unknown[] = ["off", "partial", "block", "progress"];

function streaming(entry: Entry): UnknownRecord | undefined {
  return asOptionalRecord((entry as UnknownRecord | undefined)?.["streaming"]);
}

function legacy(entry: Entry, key: string): unknown {
  return (entry as UnknownRecord | undefined)?.[key];
}

export function resolveChannelPreviewStreamMode(entry: Entry, defaultMode: StreamingMode): StreamingMode {
  const stated = streaming(entry)?.["mode"] ?? legacy(entry, "streamMode") ?? legacy(entry, "streaming");
  if (MODES.includes(stated)) return stated as StreamingMode;
  if (typeof stated === "boolean") return stated ? "partial" : "off";
  return defaultMode;
}

/** With a preview policy: whether blocks are sent at all; without: what the account states. */
export function resolveChannelStreamingBlockEnabled(
  entry: Entry,
  previewPolicy: { previewAvailable: boolean; blockStreamingDefault?: "off" | "on" },
): boolean;
export function resolveChannelStreamingBlockEnabled(entry: Entry): boolean | undefined;
export function resolveChannelStreamingBlockEnabled(
  entry: Entry,
  previewPolicy?: { previewAvailable: boolean; blockStreamingDefault?: "off" | "on" },
): boolean | undefined {
  const stated = readPath(streaming(entry), ["block", "enabled"]) ?? legacy(entry, "blockStreaming");
  if (typeof stated === "boolean") return stated;
  if (!previewPolicy) return undefined;
  return !previewPolicy.previewAvailable && previewPolicy.blockStreamingDefault === "on";
}

export function resolveChannelStreamingBlockCoalesce(
  entry: Entry,
): { minChars?: number; maxChars?: number; idleMs?: number } | undefined {
  return asOptionalRecord(
    readPath(streaming(entry), ["block", "coalesce"]) ?? legacy(entry, "blockStreamingCoalesce"),
  );
}

export function resolveChannelStreamingChunkMode(entry: Entry): "length" | "newline" | undefined {
  const mode = streaming(entry)?.["chunkMode"] ?? legacy(entry, "chunkMode");
  return mode === "length" || mode === "newline" ? mode : undefined;
}

export function resolveChannelStreamingPreviewToolProgress(
  entry: Entry,
  defaultValue = true,
  mode?: StreamingMode,
): boolean {
  const key = mode === "progress" ? "progress" : "preview";
  const stated = readPath(streaming(entry), [key, "toolProgress"]);
  return typeof stated === "boolean" ? stated : defaultValue;
}

/** `message_tool_only` when a group's answers are visible through the message tool alone. */
export function resolveChannelMessageSourceReplyDeliveryMode(params: {
  cfg: object;
  ctx?: { ChatType?: string | undefined };
  requested?: "automatic" | "message_tool_only";
}): "automatic" | "message_tool_only" {
  if (params.requested) return params.requested;
  const isGroup = params.ctx?.ChatType !== undefined && params.ctx.ChatType !== "direct";
  const visible = readPath(params.cfg, ["messages", "groupChat", "visibleReplies"]);
  return isGroup && visible === "message_tool" ? "message_tool_only" : "automatic";
}

/** `streaming` of an account where it is an object. */
export function getChannelStreamingConfigObject(entry: Entry): UnknownRecord | undefined {
  return streaming(entry);
}

/** Whether the platform's own streaming is wanted; `undefined` where nobody said. */
export function resolveChannelStreamingNativeTransport(entry: Entry): boolean | undefined {
  const stated = streaming(entry)?.["nativeTransport"];
  return typeof stated === "boolean" ? stated : undefined;
}

/** Commands in progress lines as they are run, or only that one is. */
export function resolveChannelStreamingPreviewCommandText(entry: Entry): "raw" | "status" {
  const stated = [["progress"], ["preview"]].map((path) =>
    readPath(streaming(entry), [...path, "commandText"]),
  );
  return stated.find((value) => value !== undefined) === "status" ? "status" : "raw";
}

/** Whether a model tells in words what is going on; only where that is asked for. */
export function resolveChannelStreamingProgressNarration(entry: Entry): boolean {
  return readPath(streaming(entry), ["progress", "narration"]) === true;
}

/** A preview shows tool progress itself, or is to show none: no messages of their own for it. */
export function resolveChannelStreamingSuppressDefaultToolProgressMessages(
  _entry: Entry,
  state: {
    draftStreamActive?: boolean;
    mode?: StreamingMode;
    previewToolProgressEnabled?: boolean;
    previewStreamingEnabled?: boolean;
  },
): boolean {
  return state.mode !== "off" && state.draftStreamActive === true && (state.previewStreamingEnabled ?? true);
}

export const DEFAULT_DRAFT_MIN_CHARS = 200;
export const DEFAULT_DRAFT_MAX_CHARS = 800;

/** In pieces of which size a preview grows: account, channel, default, never over the platform's limit. */
export function resolveChannelDraftStreamingChunking(
  cfg: ChannelConfig | undefined,
  channel: string,
  accountId?: string | null,
  options: { fallbackLimit?: number } = {},
): { minChars: number; maxChars: number; breakPreference: "paragraph" | "newline" | "sentence" } {
  const section = asRecordOrEmpty(readPath(cfg, ["channels", channel]));
  const account = accountId ? readPath(section, ["accounts", accountId]) : undefined;
  const layers = [account, section].map((layer) =>
    asRecordOrEmpty(readPath(layer, ["streaming", "preview", "chunk"]) ?? readPath(layer, ["draftChunk"])),
  );
  const stated = (key: string) => layers.map((layer) => layer[key]).find((value) => value !== undefined);
  const size = (key: string, fallback: number) => {
    const value = stated(key);
    return typeof value === "number" && value >= 1 ? Math.floor(value) : fallback;
  };
  const limit = resolveTextChunkLimit(cfg ?? {}, undefined, channel, accountId, options.fallbackLimit);
  const maxChars = Math.min(size("maxChars", DEFAULT_DRAFT_MAX_CHARS), limit);
  const preference = stated("breakPreference");
  return {
    minChars: Math.min(size("minChars", DEFAULT_DRAFT_MIN_CHARS), maxChars),
    maxChars,
    breakPreference: preference === "newline" || preference === "sentence" ? preference : "paragraph",
  };
}
