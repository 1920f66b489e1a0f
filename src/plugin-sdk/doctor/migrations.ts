import type { ChannelConfig } from "../../contracts/channel.ts";
import { asRecordOrEmpty, isRecord, type UnknownRecord } from "../values/records.ts";
import { withValueAt } from "./key-moves.ts";
import { type ConfigMutation, type LegacyConfigRule, mapChannelScopes, rulesForScopes } from "./records.ts";

interface MigrationInput {
  cfg: ChannelConfig;
  changes?: string[];
}

/** Flat streaming settings of old: where each lives now. */
const STREAMING_ALIASES: readonly (readonly [from: string, to: readonly string[]])[] = [
  ["streamMode", ["mode"]],
  ["chunkMode", ["chunkMode"]],
  ["blockStreaming", ["block", "enabled"]],
  ["blockStreamingCoalesce", ["block", "coalesce"]],
  ["draftChunk", ["preview", "chunk"]],
];

function hasStreamingAlias(record: UnknownRecord): boolean {
  const { streaming } = record;
  return (
    STREAMING_ALIASES.some(([from]) => record[from] !== undefined) ||
    typeof streaming === "boolean" ||
    typeof streaming === "string"
  );
}

export function hasLegacyAccountStreamingAliases(accounts: unknown, match = hasStreamingAlias): boolean {
  return Object.values(asRecordOrEmpty(accounts)).some((account) => isRecord(account) && match(account));
}

/** Old streaming settings of a channel become `streaming.*`; a setting that is there already wins. */
export function defineChannelAliasMigration(params: {
  channelId: string;
  streaming?: { defaultMode?: string; deliveryOnly?: boolean } & Record<string, unknown>;
  accountStreamingReplacesRoot?: boolean;
  [extra: string]: unknown;
}) {
  const { channelId } = params;
  const deliveryOnly = params.streaming?.deliveryOnly === true;
  return {
    legacyConfigRules: rulesForScopes(
      channelId,
      `channels.${channelId} uses older streaming settings; \`sluice doctor --fix\` moves them below streaming.`,
      hasStreamingAlias,
    ),
    normalizeChannelConfig(input: MigrationInput): ConfigMutation {
      const changes = [...(input.changes ?? [])];
      const config = mapChannelScopes(input.cfg, channelId, ({ record, pathPrefix }) => {
        if (!hasStreamingAlias(record)) return record;
        const { streaming, ...rest } = record;
        let next = asRecordOrEmpty(streaming);
        const mode = typeof streaming === "boolean" ? (streaming ? "partial" : "off") : streaming;
        if (typeof mode === "string" && !deliveryOnly) next = withValueAt(next, ["mode"], mode);
        const kept: UnknownRecord = { ...rest };
        for (const [from, to] of STREAMING_ALIASES) {
          if (kept[from] === undefined) continue;
          if (!deliveryOnly || to[0] !== "mode") next = withValueAt(next, to, kept[from]);
          changes.push(`Moved ${pathPrefix}.${from} to ${pathPrefix}.streaming.${to.join(".")}.`);
          delete kept[from];
        }
        if (!isRecord(streaming) && streaming !== undefined) {
          changes.push(`Moved ${pathPrefix}.streaming to ${pathPrefix}.streaming.mode.`);
        }
        return Object.keys(next).length > 0 ? { ...kept, streaming: next } : kept;
      });
      return { config, changes };
    },
  };
}

export function hasLegacyFlatAllowPrivateNetworkAlias(value: unknown): boolean {
  return isRecord(value) && value["allowPrivateNetwork"] !== undefined;
}

export function migrateLegacyFlatAllowPrivateNetworkAlias(params: {
  entry: UnknownRecord;
  pathPrefix: string;
  changes: string[];
}): { entry: UnknownRecord; changed: boolean } {
  if (!hasLegacyFlatAllowPrivateNetworkAlias(params.entry)) return { entry: params.entry, changed: false };
  const { allowPrivateNetwork, ...rest } = params.entry;
  const network = asRecordOrEmpty(rest["network"]);
  params.changes.push(
    `Moved ${params.pathPrefix}.allowPrivateNetwork to ${params.pathPrefix}.network.dangerouslyAllowPrivateNetwork.`,
  );
  return {
    entry: {
      ...rest,
      network: {
        ...network,
        dangerouslyAllowPrivateNetwork: network["dangerouslyAllowPrivateNetwork"] ?? allowPrivateNetwork,
      },
    },
    changed: true,
  };
}

/** The flat `allowPrivateNetwork` of a channel and its accounts. */
export function createLegacyPrivateNetworkDoctorContract(params: { channelKey: string }): {
  legacyConfigRules: LegacyConfigRule[];
  normalizeCompatibilityConfig(input: MigrationInput): ConfigMutation;
} {
  const { channelKey } = params;
  return {
    legacyConfigRules: rulesForScopes(
      channelKey,
      `channels.${channelKey}.allowPrivateNetwork is now network.dangerouslyAllowPrivateNetwork; \`sluice doctor --fix\` moves it.`,
      hasLegacyFlatAllowPrivateNetworkAlias,
    ),
    normalizeCompatibilityConfig(input) {
      const changes = [...(input.changes ?? [])];
      const config = mapChannelScopes(
        input.cfg,
        channelKey,
        ({ record, pathPrefix }) =>
          migrateLegacyFlatAllowPrivateNetworkAlias({ entry: record, pathPrefix, changes }).entry,
      );
      return { config, changes };
    },
  };
}
