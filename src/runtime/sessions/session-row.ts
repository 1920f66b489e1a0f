import type { SessionRecord } from "../../store/procedures/session-rows.ts";
import type { ThinkingPolicy } from "../models/thinking.ts";
import type { ProjectedExtension } from "../workflow/session-extensions.ts";
import { isMainSession, sessionClassification, sessionKind } from "./session-key.ts";

/** What every row is measured against when a session chose nothing itself. */
export interface SessionDefaults {
  modelProvider: string;
  model: string;
  contextTokens: number;
  thinking: ThinkingPolicy;
}

/** A session as lists show it (spec 5.5, SessionRow). */
export type SessionRow = Record<string, unknown> & { key: string; kind: string };

/** Entry fields that a row shows under the same name. */
const SHOWN = [
  "displayName",
  "derivedTitle",
  "channel",
  "chatType",
  "category",
  "icon",
  "color",
  "subject",
  "status",
  "lastRunError",
  "lastRunId",
  "startedAt",
  "endedAt",
  "runtimeMs",
  "inputTokens",
  "outputTokens",
  "totalTokens",
  "estimatedCostUsd",
  "abortedLastRun",
  "thinkingLevel",
  "verboseLevel",
  "reasoningLevel",
  "elevatedLevel",
  "fastMode",
  "sendPolicy",
  "groupActivation",
  "responseUsage",
  "statusNote",
  "attention",
  "spawnedBy",
  "parentSessionKey",
  "lastReadAt",
  "markedUnreadAt",
  "boardFace",
  "execNode",
  "permissionMode",
  "toolOverrides",
] as const;

export function sessionRow(
  session: SessionRecord,
  options: {
    defaults: SessionDefaults;
    mainKey: string;
    activeRunIds: readonly string[];
    now: number;
    extensions?: readonly ProjectedExtension[];
  },
): SessionRow {
  const { entry } = session;
  const { defaults, activeRunIds } = options;
  const shown: Record<string, unknown> = {};
  for (const field of SHOWN) if (entry[field] !== undefined) shown[field] = entry[field];
  const running = activeRunIds.length > 0;
  const overridden = entry["modelOverride"] !== undefined;
  return {
    ...shown,
    ...(options.extensions ? { pluginExtensions: options.extensions } : {}),
    key: session.sessionKey,
    kind: sessionKind(session.sessionKey),
    classification: sessionClassification(session.sessionKey, options.mainKey),
    agentId: session.agentId,
    sessionId: session.sessionId,
    ...(session.label === undefined ? {} : { label: session.label }),
    visibility: "shared",
    permissionModePending: false,
    createdVia: createdVia(entry["createdVia"]),
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
    ...(session.lastInteractionAt === undefined ? {} : { lastInteractionAt: session.lastInteractionAt }),
    isMain: isMainSession(session.sessionKey, options.mainKey),
    isBackground: false,
    archived: session.archivedAt !== undefined,
    ...(session.archivedAt === undefined ? {} : { archivedAt: session.archivedAt }),
    pinned: session.pinnedAt !== undefined,
    ...(session.pinnedAt === undefined ? {} : { pinnedAt: session.pinnedAt }),
    unread: typeof entry["markedUnreadAt"] === "number",
    ...(running ? { status: "running" } : {}),
    hasActiveRun: running,
    activeRunIds: [...activeRunIds],
    totalTokensFresh: entry["totalTokens"] !== undefined,
    contextTokens: defaults.contextTokens,
    modelProvider: overridden
      ? (entry["providerOverride"] ?? defaults.modelProvider)
      : (entry["modelProvider"] ?? defaults.modelProvider),
    model: overridden ? entry["modelOverride"] : (entry["model"] ?? defaults.model),
    modelOverrideSource: overridden ? "user" : null,
    thinkingLevels: defaults.thinking.levels,
    thinkingOptions: defaults.thinking.levels.map((level) => level.id),
    thinkingDefault: defaults.thinking.defaultLevel,
    effectiveFastMode: false,
    effectiveQueueMode: "followup",
    messageCount: session.messageCount,
    snapshotAt: options.now,
    sharingRole: "owner",
  };
}

function createdVia(value: unknown): string {
  const known = ["operator", "spawn", "channel", "cron", "talk", "run", "plugin", "internal"];
  return typeof value === "string" && known.includes(value) ? value : "operator";
}

/** The session's entry as `sessions.patch` and `sessions.reset` return it; plugins show theirs in rows. */
export function publicEntry(session: SessionRecord): Record<string, unknown> {
  const { pluginExtensions: _private, ...entry } = session.entry;
  return {
    ...entry,
    sessionId: session.sessionId,
    lifecycleRevision: session.lifecycleRevision,
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
    ...(session.label === undefined ? {} : { label: session.label }),
    ...(session.archivedAt === undefined ? {} : { archivedAt: session.archivedAt }),
    ...(session.pinnedAt === undefined ? {} : { pinnedAt: session.pinnedAt }),
  };
}
