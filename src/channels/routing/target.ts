import type { ChannelConfig, ChannelPlugin } from "../../contracts/channel.ts";
import { SluiceError } from "../../kernel/errors.ts";

/**
 * From what a person or a model typed to what the adapter takes (spec 1.8): prefix, the channel's own
 * normaliser, its idea of an id, its resolver.
 *
 * @throws SluiceError `TARGET_UNKNOWN` with the channel's hint
 */
export async function resolveTarget(
  plugin: ChannelPlugin,
  params: { cfg: ChannelConfig; accountId: string; input: string },
): Promise<string> {
  const messaging = plugin.messaging;
  const raw = stripPrefix(plugin, params.input.trim());
  const normalized = messaging?.normalizeTarget ? messaging.normalizeTarget(raw) : raw;
  const resolver = messaging?.targetResolver;
  if (normalized !== undefined && normalized !== "") {
    if (!resolver || resolver.looksLikeId?.(raw, normalized)) return normalized;
    const found = await resolver.resolveTarget?.({ ...params, input: raw, normalized });
    if (found) return found.to;
    if (!resolver.looksLikeId && !resolver.resolveTarget) return normalized;
  }
  const label = plugin.meta?.label ?? plugin.id;
  const hint = resolver?.hint ? ` ${resolver.hint}` : "";
  throw new SluiceError("TARGET_UNKNOWN", `Unknown target "${params.input}" for ${label}.${hint}`);
}

/** The channel whose prefix a target carries, if any. */
export function channelOfTarget(plugins: readonly ChannelPlugin[], input: string): ChannelPlugin | undefined {
  return plugins.find((plugin) => stripPrefix(plugin, input.trim()) !== input.trim());
}

function stripPrefix(plugin: ChannelPlugin, input: string): string {
  const names = [plugin.id, ...(plugin.meta?.aliases ?? []), ...(plugin.messaging?.targetPrefixes ?? [])];
  const lower = input.toLowerCase();
  const prefix = names.find((name) => lower.startsWith(`${name.toLowerCase()}:`));
  return prefix === undefined ? input : input.slice(prefix.length + 1);
}
