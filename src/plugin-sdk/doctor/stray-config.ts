import type { ChannelConfig } from "../../contracts/channel.ts";
import { channelSection, withChannelSection } from "../setup/config-edits.ts";
import { asRecordOrEmpty, isRecord, readPath, type UnknownRecord } from "../values/records.ts";
import type { ConfigMutation, LegacyConfigRule } from "./records.ts";

/** Settings of a channel that somebody wrote into `plugins.entries.<id>.config`, where nothing reads them. */
export function defineStrayPluginEntryConfigMigration(params: {
  pluginId: string;
  channelId: string;
  /** Whether the channel's settings are valid with the stray ones added. */
  validateMergedChannelConfig(merged: UnknownRecord): boolean;
}): {
  legacyConfigRule: LegacyConfigRule;
  normalizeConfig(input: { cfg: ChannelConfig; changes?: string[] }): ConfigMutation;
} {
  const { pluginId, channelId } = params;
  const [from, to] = [`plugins.entries.${pluginId}.config`, `channels.${channelId}`];
  const hasSettings = (value: unknown): value is UnknownRecord =>
    isRecord(value) && Object.keys(value).length > 0;
  return {
    legacyConfigRule: {
      path: ["plugins", "entries", pluginId, "config"],
      message: `${from} is not read; the channel's settings belong into ${to}. \`sluice doctor --fix\` moves them.`,
      match: hasSettings,
    },
    normalizeConfig({ cfg, changes = [] }) {
      const stray = readPath(cfg, ["plugins", "entries", pluginId, "config"]);
      if (!hasSettings(stray)) return { config: cfg, changes };
      const section = channelSection(cfg, channelId);
      const merged = { ...stray, ...section };
      if (!params.validateMergedChannelConfig(merged)) {
        const warnings = [`${from} was left: with it ${to} would not be valid. Move what you need by hand.`];
        return { config: cfg, changes, warnings };
      }
      const kept = Object.keys(stray).filter((key) => Object.hasOwn(section, key));
      const note = kept.length > 0 ? ` (${kept.join(", ")} stayed as set there)` : "";
      return {
        config: withChannelSection(withoutEntryConfig(cfg, pluginId), channelId, merged),
        changes: [...changes, `Moved ${from} to ${to}${note}.`],
      };
    },
  };
}

function withoutEntryConfig(cfg: ChannelConfig, pluginId: string): ChannelConfig {
  const plugins = asRecordOrEmpty(cfg["plugins"]);
  const entries = asRecordOrEmpty(plugins["entries"]);
  const { config: _config, ...entry } = asRecordOrEmpty(entries[pluginId]);
  const { [pluginId]: _entry, ...others } = entries;
  const left = Object.keys(entry).length > 0 ? { ...others, [pluginId]: entry } : others;
  return { ...cfg, plugins: { ...plugins, entries: left } };
}
