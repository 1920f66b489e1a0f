import { homedir } from "node:os";
import { join } from "node:path";
import type { MsgContext } from "../../contracts/channel-runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { Store } from "../../store/index.ts";
import { DEFAULT_AGENT_ID, normalizeAccountId } from "../routing/session-key.ts";
import { definedFields } from "./context.ts";

/** Sessions whose last activity is remembered for the synchronous question of older plugins. */
const MAX_REMEMBERED = 2_000;

interface LastRoute {
  sessionKey: string;
  channel?: string;
  to?: string;
  accountId?: string | null;
  threadId?: string | number | null;
}

/** `api.runtime.channel.session` (spec 1.18.7). A store path is a handle: sessions are rows. */
export function createSessionNamespace(parts: {
  store: Store;
  clock: Clock;
  logger: Logger;
  stateDir: string;
}): Record<string, unknown> {
  const { store, clock, logger } = parts;
  const lastSeen = new Map<string, number>();

  const remember = (sessionKey: string, at: number) => {
    lastSeen.delete(sessionKey);
    lastSeen.set(sessionKey, at);
    if (lastSeen.size <= MAX_REMEMBERED) return;
    const oldest = lastSeen.keys().next();
    if (!oldest.done) lastSeen.delete(oldest.value);
  };

  const patch = async (sessionKey: string, fields: Record<string, unknown>, createIfMissing: boolean) => {
    const now = clock.now();
    const result = await store.call.sessions.patch({
      sessionKey,
      patch: fields,
      ...(createIfMissing
        ? {
            create: {
              agentId: /^agent:([^:]+):/.exec(sessionKey)?.[1] ?? DEFAULT_AGENT_ID,
              sessionId: newUuid(),
              lifecycleRevision: newUuid(),
            },
          }
        : {}),
      now,
    });
    remember(sessionKey, now);
    return "session" in result ? (result.session ?? null) : null;
  };

  const routeFields = (route: LastRoute) =>
    definedFields({
      lastChannel: route.channel,
      lastTo: route.to,
      lastAccountId: route.accountId === undefined ? undefined : normalizeAccountId(route.accountId),
      lastThreadId:
        route.threadId === undefined || route.threadId === null ? undefined : String(route.threadId),
    });

  const metaFields = (ctx: MsgContext) =>
    definedFields({
      channel: ctx.OriginatingChannel ?? ctx.Provider,
      chatType: ctx.ChatType,
      displayName: ctx.ConversationLabel,
      subject: ctx.GroupSubject,
      space: ctx.GroupSpace,
    });

  return {
    resolveStorePath(template?: string, options: { agentId?: string } = {}): string {
      const agentId = options.agentId ?? DEFAULT_AGENT_ID;
      if (!template) return join(parts.stateDir, "agents", agentId, "sessions", "sessions.json");
      return template.replace(/^~(?=\/|$)/, homedir()).replaceAll("{agentId}", agentId);
    },
    /** Known for sessions that were active in this process; a synchronous answer cannot ask the store. */
    readSessionUpdatedAt: (params: { storePath?: string; sessionKey: string }) =>
      lastSeen.get(params.sessionKey),
    async recordInboundSession(params: {
      sessionKey: string;
      ctx: MsgContext;
      createIfMissing?: boolean;
      updateLastRoute?: LastRoute;
      onRecordError?(error: unknown): void;
    }): Promise<void> {
      try {
        await patch(params.sessionKey, metaFields(params.ctx), params.createIfMissing !== false);
        const route = params.updateLastRoute;
        if (route) await patch(route.sessionKey, routeFields(route), true);
      } catch (error) {
        if (params.onRecordError) params.onRecordError(error);
        else logger.warn("a session's display data could not be recorded", { error });
      }
    },
    recordSessionMetaFromInbound: (params: {
      sessionKey: string;
      ctx: MsgContext;
      createIfMissing?: boolean;
    }) => patch(params.sessionKey, metaFields(params.ctx), params.createIfMissing !== false),
    updateLastRoute: (params: LastRoute & { createIfMissing?: boolean }) =>
      patch(params.sessionKey, routeFields(params), params.createIfMissing !== false),
  };
}
