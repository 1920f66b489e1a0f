import { open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { AuthProfileCredential } from "../../contracts/auth-profiles.ts";
import type { Clock } from "../../kernel/clock.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import { createSynced, syncFolder } from "../../kernel/synced-files.ts";
import { PROFILES_FILE_NAME } from "./auth-profiles.ts";
import { isRecord } from "./catalogue.ts";

/** A sign-in is renewed when less than this is left of it (spec 2.2). */
export const RENEW_BEFORE_MS = 300_000;
/** How long a provider may take to renew one. */
export const RENEWAL_TIMEOUT_MS = 30_000;
/** A lock that is older than this was left behind. */
export const STALE_LOCK_MS = 60_000;
const LOCK_RETRY_MS = 50;

/** What a renewal needs. */
export interface Renewal {
  folder: string;
  profileId: string;
  clock: Clock;
  /** The provider's `refreshOAuth`. */
  refresh(credential: AuthProfileCredential): unknown;
}

/** Whether a sign-in is about to end, or has ended; one without an end never is. */
export function isRunningOut({ type, expires }: AuthProfileCredential, now: number): boolean {
  return type === "oauth" && typeof expires === "number" && expires > 0 && expires - now < RENEW_BEFORE_MS;
}

/**
 * Renews an OAuth sign-in and writes it back, alone among all processes that look for the lock file beside it;
 * what another one has renewed meanwhile is taken as it is. Nothing else in the file changes.
 *
 * @throws when the provider does, or gives nothing to use; the file is as before then
 */
export async function renewProfile({ folder, profileId, clock, refresh }: Renewal): Promise<void> {
  // A link stays one: what it leads to is replaced.
  const path = await realpath(join(folder, PROFILES_FILE_NAME));
  const release = await lock(`${path}.lock`, clock);
  try {
    const stored: unknown = JSON.parse(await readFile(path, "utf8"));
    const profiles = isRecord(stored) && isRecord(stored["profiles"]) ? stored["profiles"] : {};
    const current = profiles[profileId];
    if (!isRecord(stored) || !isRecord(current)) throw new Error(`the sign-in "${profileId}" is gone`);
    const credential = current as AuthProfileCredential;
    if (!isRunningOut(credential, clock.now())) return;
    const asked = Promise.resolve(refresh({ ...credential }));
    const renewed = await withDeadline(asked, RENEWAL_TIMEOUT_MS, `renewing ${profileId}`, clock);
    if (!isRecord(renewed) || typeof renewed["access"] !== "string" || renewed["access"] === "") {
      throw new Error(`the provider gave no new token for "${profileId}"`);
    }
    const { type, provider } = credential;
    const next = {
      ...stored,
      profiles: { ...profiles, [profileId]: { ...current, ...renewed, type, provider } },
    };
    const temporary = `${path}.tmp`;
    // A leftover may have another mode; opening it would keep that.
    await rm(temporary, { force: true });
    await createSynced(temporary, `${JSON.stringify(next, null, 2)}\n`);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } finally {
    await release();
  }
}

async function lock(path: string, clock: Clock): Promise<() => Promise<void>> {
  const givesUpAt = clock.monotonic() + STALE_LOCK_MS + RENEWAL_TIMEOUT_MS;
  for (;;) {
    try {
      await (await open(path, "wx", 0o600)).close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    }
    const madeAt = (await stat(path).catch(() => undefined))?.mtimeMs;
    if (madeAt !== undefined && clock.now() - madeAt > STALE_LOCK_MS) await rm(path, { force: true });
    else if (clock.monotonic() > givesUpAt) throw new Error(`${path} is held by another process`);
    else await clock.sleep(LOCK_RETRY_MS);
  }
}
