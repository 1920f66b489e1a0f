import type { AuthProfileStore } from "../../contracts/auth-profiles.ts";
import {
  normalizeProviderId,
  orderedProfiles,
  profilesOf,
  readAuthProfiles,
} from "../../runtime/models/index.ts";
import { currentHost, requireHost } from "../ambient/host.ts";
import { resolveAgentDir, resolveDefaultAgentId } from "./agent-settings.ts";

/** Reasons that say more come first; what is unknown counts least. */
const REASONS = [
  "auth_permanent",
  "auth",
  "billing",
  "format",
  "model_not_found",
  "overloaded",
  "timeout",
  "rate_limit",
  "unknown",
] as const;

/**
 * The sign-ins in `auth-profiles.json` of an agent's folder over the default agent's, empty without such a
 * file. A private copy: what is changed in it changes nothing else.
 */
export function ensureAuthProfileStore(agentDir?: string): AuthProfileStore {
  const config = currentHost()?.runtime.config.current() ?? {};
  const main = resolveAgentDir(config, resolveDefaultAgentId(config));
  return readAuthProfiles([agentDir ?? main, main]);
}

/** Until when a sign-in is not to be used, in milliseconds since 1970. */
export function resolveProfileUnusableUntilForDisplay(
  store: AuthProfileStore,
  profileId: string,
): number | null {
  const usage = store.usageStats?.[profileId];
  const until = [usage?.cooldownUntil, usage?.disabledUntil].filter(isTime);
  return until.length > 0 ? Math.max(...until) : null;
}

export function isProfileInCooldown(store: AuthProfileStore, profileId: string, now = Date.now()): boolean {
  return (resolveProfileUnusableUntilForDisplay(store, profileId) ?? 0) > now;
}

/**
 * Takes away pauses that are over. With the last of a sign-in's pauses its failures are forgotten too, so
 * that the next one is not judged by them. @returns whether anything changed
 */
export function clearExpiredCooldowns(store: AuthProfileStore, now = Date.now()): boolean {
  let changed = false;
  for (const [profileId, usage] of Object.entries(store.usageStats ?? {})) {
    let ended = false;
    for (const kind of ["cooldown", "disabled"] as const) {
      const until = usage[`${kind}Until`];
      if (!isTime(until) || until > now) continue;
      delete usage[`${kind}Until`];
      delete usage[`${kind}Reason`];
      ended = true;
    }
    if (!ended) continue;
    changed = true;
    if (resolveProfileUnusableUntilForDisplay(store, profileId) !== null) continue;
    usage.errorCount = 0;
    delete usage.failureCounts;
  }
  return changed;
}

/**
 * Why none of the sign-ins can be used, going by what is stated first and by what failed most otherwise.
 * `null` when nothing speaks against them.
 */
export function resolveProfilesUnavailableReason(params: {
  store: AuthProfileStore;
  profileIds: readonly string[];
  now?: number;
}): string | null {
  const now = params.now ?? Date.now();
  const stated = new Map<string, number>();
  const counted = new Map<string, number>();
  const add = (scores: Map<string, number>, reason: string, count: number) =>
    scores.set(reason, (scores.get(reason) ?? 0) + count);
  for (const profileId of params.profileIds) {
    const usage = params.store.usageStats?.[profileId];
    if (!usage) continue;
    if (isTime(usage.disabledUntil) && usage.disabledUntil > now && usage.disabledReason) {
      add(stated, usage.disabledReason, 1);
    } else if (isTime(usage.cooldownUntil) && usage.cooldownUntil > now) {
      const failures = Object.entries(usage.failureCounts ?? {}).filter(([, count]) => count > 0);
      for (const [reason, count] of failures) add(counted, reason, count);
      if (failures.length === 0) add(counted, usage.cooldownReason ?? "unknown", 1);
    }
  }
  const scores = stated.size > 0 ? stated : counted;
  const known = REASONS.filter((reason) => scores.has(reason));
  known.sort((a, b) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0));
  return known[0] ?? (scores.size > 0 ? "unknown" : null);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}

/**
 * The provider whose keys and sign-ins another one uses, by the manifests of enabled plugins; its own id in
 * lower case where none says so, or no gateway runs.
 */
export function resolveProviderIdForAuth(
  provider: string,
  options?: { config?: Readonly<Record<string, unknown>> },
): string {
  const auth = currentHost()?.services && currentHost()?.runtime.modelAuth;
  return auth ? auth.resolveProviderIdForAuth(provider, options) : normalizeProviderId(provider);
}

/** Ids of an agent's sign-ins that a provider may use, aliases followed. */
export function listProfilesForProvider(store: AuthProfileStore, provider: string): string[] {
  return profilesOf({ store, provider, authProviderOf: resolveProviderIdForAuth });
}

/** Ids of a provider's sign-ins in the order they are tried (spec 2.6); pauses count as of now. */
export function resolveAuthProfileOrder(params: {
  cfg?: Readonly<Record<string, unknown>>;
  store: AuthProfileStore;
  provider: string;
}): string[] {
  const { store, provider, cfg: config = currentHost()?.runtime.config.current() ?? {} } = params;
  return orderedProfiles({
    store,
    provider,
    config,
    authProviderOf: resolveProviderIdForAuth,
    now: Date.now(),
  });
}

/** Whether a key of a provider is configured or in the environment. @throws without a running gateway */
export function isProviderApiKeyConfigured(params: { provider: string }): boolean {
  return requireHost("isProviderApiKeyConfigured").runtime.modelAuth.isProviderApiKeyConfigured(params);
}
