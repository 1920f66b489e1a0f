import { asOptionalRecord, readPath, type UnknownRecord } from "../values/records.ts";

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
