import type { ChannelConfig, ChannelPlugin } from "../../contracts/channel.ts";
import { asRecord, asText } from "../config-values.ts";
import { hasControlCommand } from "../inbound/commands.ts";
import { resolveChunkMode, resolveTextChunkLimit } from "../outbound/chunk-plan.ts";
import * as chunking from "../text/chunking.ts";
import * as markdown from "../text/markdown-chunking.ts";
import { convertMarkdownTables, type MarkdownTableMode } from "../text/tables.ts";

/** `api.runtime.channel.text` (spec 1.19): texts in the pieces and forms that a channel takes. */
export function createTextNamespace(
  pluginOf: (channel: string | undefined) => ChannelPlugin | undefined,
): Record<string, unknown> {
  return {
    chunkText: chunking.chunkText,
    chunkByNewline: chunking.chunkByNewline,
    chunkTextWithMode: chunking.chunkTextWithMode,
    chunkMarkdownText: markdown.chunkMarkdownText,
    chunkMarkdownTextWithMode: markdown.chunkMarkdownTextWithMode,
    resolveChunkMode: (cfg: ChannelConfig, provider?: string, accountId?: string | null) =>
      resolveChunkMode(cfg, provider, accountId),
    resolveTextChunkLimit: (
      cfg: ChannelConfig,
      provider?: string,
      accountId?: string | null,
      options: { fallbackLimit?: number } = {},
    ) => resolveTextChunkLimit(cfg, pluginOf(provider), provider, accountId, options.fallbackLimit),
    resolveMarkdownTableMode: resolveTableMode,
    convertMarkdownTables,
    hasControlCommand,
  };
}

function resolveTableMode(params: {
  cfg?: ChannelConfig;
  channel?: string;
  accountId?: string | null;
}): MarkdownTableMode {
  const channel = asRecord(asRecord(params.cfg?.["channels"])[params.channel ?? ""]);
  const mode = asText(asRecord(channel["markdown"])["tables"]) ?? asText(channel["tableMode"]);
  return mode === "off" || mode === "bullets" || mode === "block" ? mode : "code";
}
