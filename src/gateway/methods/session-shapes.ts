import { Type } from "typebox";
import type { SessionChanges } from "../../runtime/sessions/index.ts";
import type { MethodContext } from "../rpc/method.ts";
import { defaultsOf } from "./conversation.ts";
import { Any, closed, Text } from "./shapes.ts";

const DEFAULT_LIST_LIMIT = 100;
const Clearable = Type.Optional(Type.Union([Text, Type.Null()]));

/** What `sessions.list` may be asked for, and with it a subscription. */
export const ListParams = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
    offset: Type.Optional(Type.Integer({ minimum: 0 })),
    agentId: Type.Optional(Text),
    search: Type.Optional(Type.String({ maxLength: 512 })),
    label: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
    archived: Type.Optional(Type.Union([Type.Boolean(), Type.Literal("all")])),
    activeMinutes: Type.Optional(Type.Integer({ minimum: 1 })),
    sortBy: Type.Optional(Type.String()),
    includeDerivedTitles: Type.Optional(Type.Boolean()),
    includeLastMessage: Type.Optional(Type.Boolean()),
    requireLastInteraction: Any,
    includeGlobal: Any,
    includeUnknown: Any,
    configuredAgentsOnly: Any,
    boardFace: Any,
    creatorId: Any,
    ownerId: Any,
    ownerFirst: Any,
    involvingMe: Any,
    involvingProfileId: Any,
    includePeople: Any,
    spawnedBy: Any,
  },
  closed,
);

/** `SessionsPatchParams` of the protocol. */
export const PatchParams = Type.Object(
  {
    key: Text,
    agentId: Type.Optional(Text),
    expectedSessionId: Type.Optional(Text),
    expectedLifecycleRevision: Type.Optional(Text),
    label: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 512 }), Type.Null()])),
    archived: Type.Optional(Type.Boolean()),
    pinned: Type.Optional(Type.Boolean()),
    unread: Type.Optional(Type.Boolean()),
    model: Clearable,
    thinkingLevel: Clearable,
    verboseLevel: Clearable,
    traceLevel: Clearable,
    reasoningLevel: Clearable,
    elevatedLevel: Clearable,
    execHost: Clearable,
    execSecurity: Clearable,
    execAsk: Clearable,
    execNode: Clearable,
    contextWindow: Clearable,
    sendPolicy: Type.Optional(Type.Union([Type.Literal("allow"), Type.Literal("deny"), Type.Null()])),
    groupActivation: Type.Optional(
      Type.Union([Type.Literal("mention"), Type.Literal("always"), Type.Null()]),
    ),
    category: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 512 }), Type.Null()])),
    icon: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    color: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    statusNote: Type.Optional(Type.Union([Type.String({ maxLength: 120 }), Type.Null()])),
    boardFace: Any,
    attention: Any,
    ttlMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 120 })),
    fastMode: Any,
    toolOverrides: Any,
    responseUsage: Any,
    permissionMode: Any,
    completionOwnerSessionKey: Any,
    inheritedToolPolicyVersion: Any,
    inheritedToolAllow: Any,
    inheritedToolDeny: Any,
    expectedPermissionMode: Any,
    expectedToolOverrides: Any,
    expectedMarkedUnreadAt: Any,
  },
  { additionalProperties: false },
);

/** Sorts the fields of a patch into columns, preconditions and the entry. */
export function splitPatch(fields: Record<string, unknown>, now: number): SessionChanges {
  const { label, archived, pinned, unread, expectedSessionId, expectedLifecycleRevision, ...rest } = fields;
  const patch: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(rest)) {
    if (!name.startsWith("expected") && value !== undefined) patch[name] = value;
  }
  if (unread === true) patch["markedUnreadAt"] = now;
  if (unread === false) Object.assign(patch, { markedUnreadAt: null, lastReadAt: now });
  return {
    patch,
    ...(label === undefined ? {} : { label: label as string | null }),
    ...(typeof archived === "boolean" ? { archived } : {}),
    ...(typeof pinned === "boolean" ? { pinned } : {}),
    ...(typeof expectedSessionId === "string" ? { expectedSessionId } : {}),
    ...(typeof expectedLifecycleRevision === "string" ? { expectedLifecycleRevision } : {}),
  };
}

export interface ListQuery {
  limit?: number | undefined;
  offset?: number | undefined;
  agentId?: string | undefined;
  search?: string | undefined;
  label?: string | undefined;
  archived?: boolean | "all" | undefined;
  activeMinutes?: number | undefined;
  includeLastMessage?: boolean | undefined;
}

/** The result of `sessions.list` (spec 5.5). */
export async function listResult({ services }: MethodContext, query: ListQuery) {
  const now = services.clock.now();
  const limit = query.limit ?? DEFAULT_LIST_LIMIT;
  const offset = query.offset ?? 0;
  const { rows, hasMore, totalCount, defaults } = await services.sessions.list({
    limit,
    offset,
    archived: query.archived === true,
    ...(query.agentId ? { agentId: query.agentId.toLowerCase() } : {}),
    ...(query.search ? { search: query.search } : {}),
    ...(query.label ? { label: query.label } : {}),
    ...(query.activeMinutes ? { updatedSince: now - query.activeMinutes * 60_000 } : {}),
  });
  if (query.includeLastMessage && rows.length > 0) {
    const previews = await services.sessions.previews(
      rows.map((row) => row.key),
      1,
      240,
    );
    const lastOf = new Map(previews.map((preview) => [preview.key, preview.items.at(-1)?.text]));
    for (const row of rows) {
      const last = lastOf.get(row.key);
      if (last !== undefined) row["lastMessagePreview"] = last;
    }
  }
  return {
    ts: now,
    path: "sessions",
    count: rows.length,
    totalCount,
    limitApplied: limit,
    offset,
    nextOffset: hasMore ? offset + rows.length : null,
    hasMore,
    owners: [],
    defaults: defaultsOf(defaults),
    sessions: rows,
  };
}
