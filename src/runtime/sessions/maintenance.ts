import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { Store } from "../../store/index.ts";
import type { StaleCursor } from "../../store/procedures/session-listing.ts";
import type { SessionRecord } from "../../store/procedures/session-rows.ts";
import type { ConfigService, SluiceConfig } from "../config/types.ts";
import type { Sessions } from "./index.ts";
import { isMainSession, sessionClassification } from "./session-key.ts";

/** How often sessions are looked through (spec 11.5). */
export const SESSION_MAINTENANCE_PERIOD_MS = 30 * 60_000;
/** The first time comes soon, for gateways that are often restarted. */
export const FIRST_MAINTENANCE_AFTER_MS = 120_000;
export const DEFAULT_PRUNE_AFTER_MS = 30 * 86_400_000;
export const DEFAULT_MAX_LIVE_SESSIONS = 5_000;
const PAGE = 100;
/** Pages of one look; what is left waits for the next. */
const MAX_PAGES = 100;

/** Sessions nobody ever spoke in: work makes them, and nobody misses them. */
const SYNTHETIC: ReadonlySet<string> = new Set(["cron", "hook", "subagent", "acp", "heartbeat"]);

export interface SessionMaintenanceParts {
  sessions: Sessions;
  store: Store;
  config: ConfigService;
  clock: Clock;
  logger: Logger;
}

/**
 * Keeps the list of sessions bounded: those that nobody used for a while, and the oldest beyond the number to
 * keep, are archived; sessions that work left behind are deleted with their transcripts. The main session, pinned
 * and running ones, and those of a conversation on a channel stay (spec 11.5).
 */
export class SessionMaintenance implements Disposable {
  readonly #parts: SessionMaintenanceParts;
  readonly #timers: Disposable[] = [];
  #running = false;

  constructor(parts: SessionMaintenanceParts) {
    this.#parts = parts;
  }

  start(): void {
    const { clock, logger } = this.#parts;
    const sweep = () =>
      void this.sweep().catch((error) => logger.warn("sessions could not be looked through", { error }));
    this.#timers.push(
      clock.after(FIRST_MAINTENANCE_AFTER_MS, sweep),
      clock.every(SESSION_MAINTENANCE_PERIOD_MS, sweep),
    );
  }

  async sweep(): Promise<{ archived: number; deleted: number }> {
    const done = { archived: 0, deleted: 0 };
    const { config, store, clock } = this.#parts;
    const settings = maintenanceSettings(config.current().config);
    if (this.#running || !settings.enforced) return done;
    this.#running = true;
    try {
      const { totalCount } = await store.call.sessions.list({ limit: 1 });
      const before = clock.now() - settings.pruneAfterMs;
      let surplus = totalCount - settings.maxEntries;
      let after: StaleCursor | undefined;
      for (let page = 0; page < MAX_PAGES; page++) {
        const sessions = await store.call.sessions.stalest({ limit: PAGE, ...(after ? { after } : {}) });
        for (const session of sessions) {
          if (session.updatedAt >= before && surplus <= 0) return done;
          const went = await this.#putAside(session);
          if (went) done[went] += 1;
          if (went) surplus -= 1;
        }
        const last = sessions.at(-1);
        if (!last || sessions.length < PAGE) break;
        after = { updatedAt: last.updatedAt, sessionKey: last.sessionKey };
      }
      return done;
    } finally {
      this.#running = false;
    }
  }

  dispose(): void {
    for (const timer of this.#timers.splice(0)) void timer.dispose();
  }

  async #putAside(session: SessionRecord): Promise<"archived" | "deleted" | undefined> {
    const { sessions, logger } = this.#parts;
    const { sessionKey, agentId, sessionId, updatedAt } = session;
    if (this.#isProtected(session)) return undefined;
    try {
      if (!SYNTHETIC.has(sessionClassification(sessionKey, sessions.mainKey))) {
        return (await sessions.archive(session)) ? "archived" : undefined;
      }
      const expected = { expectedSessionId: sessionId, expectedUpdatedAt: updatedAt };
      const { deleted } = await sessions.delete({ sessionKey, agentId }, expected);
      return deleted ? "deleted" : undefined;
    } catch (error) {
      logger.debug("a session was used while it was to be put aside", { sessionKey, error });
      return undefined;
    }
  }

  #isProtected({ sessionKey, entry }: SessionRecord): boolean {
    const { sessions } = this.#parts;
    if (isMainSession(sessionKey, sessions.mainKey) || sessions.activeRunIds(sessionKey).length > 0)
      return true;
    return typeof entry["lastChannel"] === "string" && typeof entry["lastTo"] === "string";
  }
}

export interface MaintenanceSettings {
  enforced: boolean;
  pruneAfterMs: number;
  maxEntries: number;
}

/** `session.maintenance` of the configuration; what makes no sense counts as absent. */
export function maintenanceSettings(config: SluiceConfig): MaintenanceSettings {
  const stated = config.session?.["maintenance"];
  const section = (typeof stated === "object" && stated !== null ? stated : {}) as Record<string, unknown>;
  const maxEntries = section["maxEntries"];
  return {
    enforced: (section["mode"] ?? "enforce") === "enforce",
    pruneAfterMs: durationMs(section["pruneAfter"]) ?? DEFAULT_PRUNE_AFTER_MS,
    maxEntries:
      typeof maxEntries === "number" && Number.isInteger(maxEntries) && maxEntries > 0
        ? maxEntries
        : DEFAULT_MAX_LIVE_SESSIONS,
  };
}

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds of a number of them, or of `30d`, `12h`, `45m`; `undefined` for anything else. */
function durationMs(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value > 0 ? value : undefined;
  const match = typeof value === "string" ? /^\s*(\d{1,6})\s*([smhdw])\s*$/i.exec(value) : undefined;
  if (!match) return undefined;
  return Number(match[1]) * (UNITS[(match[2] as string).toLowerCase()] as number) || undefined;
}
