import type { ChannelConfig, ChannelPlugin } from "../../contracts/channel.ts";
import { asNumber, channelAccountConfig } from "../config-values.ts";
import { type ChunkMode, chunkTextWithMode, DEFAULT_TEXT_CHUNK_LIMIT } from "../text/chunking.ts";
import { chunkMarkdownTextWithMode } from "../text/markdown-chunking.ts";

/** The channel's own answer, else the account's setting, else the adapter's limit, else 4,000 (spec 1.9). */
export function resolveTextChunkLimit(
  cfg: ChannelConfig,
  plugin: ChannelPlugin | undefined,
  channel: string | undefined,
  accountId: string | null | undefined,
  fallbackLimit?: number,
): number {
  const settings = channel === undefined ? {} : channelAccountConfig(cfg, channel, accountId);
  const own = plugin?.outbound?.resolveEffectiveTextChunkLimit?.({
    cfg,
    accountId: accountId ?? null,
    ...(fallbackLimit === undefined ? {} : { fallbackLimit }),
  });
  return (
    own ??
    asNumber(settings["textChunkLimit"]) ??
    plugin?.outbound?.textChunkLimit ??
    fallbackLimit ??
    DEFAULT_TEXT_CHUNK_LIMIT
  );
}

export function resolveChunkMode(
  cfg: ChannelConfig,
  channel: string | undefined,
  accountId?: string | null,
): ChunkMode {
  if (channel === undefined) return "length";
  return channelAccountConfig(cfg, channel, accountId)["chunkMode"] === "newline" ? "newline" : "length";
}

/** Cuts a text as the channel wants it cut. */
export function chunkForChannel(
  text: string,
  plugin: ChannelPlugin | undefined,
  cfg: ChannelConfig,
  accountId: string,
): string[] {
  if (text.trim() === "") return [];
  const outbound = plugin?.outbound;
  const channel = plugin?.id;
  if (outbound?.chunker === null) return [text];
  const limit = resolveTextChunkLimit(cfg, plugin, channel, accountId);
  if (outbound?.chunker) return outbound.chunker(text, limit).filter((chunk) => chunk.trim() !== "");
  const mode = resolveChunkMode(cfg, channel, accountId);
  return outbound?.chunkerMode === "text"
    ? chunkTextWithMode(text, limit, mode)
    : chunkMarkdownTextWithMode(text, limit, mode);
}
