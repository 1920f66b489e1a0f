import type { ProfileUsage } from "../../contracts/auth-profiles.ts";
import type { FailoverReason } from "../../contracts/provider.ts";

/** How long a sign-in rests after one, two, and more failures in a row (spec 2.6). */
export const COOLDOWNS_MS: readonly [number, ...number[]] = [30_000, 60_000, 300_000];
/** How long one rests that is not paid for or not valid any more. */
export const DISABLED_MS = 600_000;
/** After this long without a failure the count begins anew. */
export const FORGIVEN_AFTER_MS = 86_400_000;

/** Reasons that pass. */
const COOLS: ReadonlySet<FailoverReason> = new Set([
  "auth",
  "rate_limit",
  "overloaded",
  "server_error",
  "timeout",
]);
/** Reasons that somebody has to do something about. */
const DISABLES: ReadonlySet<FailoverReason> = new Set(["auth_permanent", "billing"]);

/** A sign-in that rests. */
export interface ProfilePause {
  /** Milliseconds since 1970. */
  until: number;
  reason: string;
  /** Somebody has to do something about it; trying does not help. */
  disabled: boolean;
}

/** Whether another sign-in of the same provider may fare better. */
export function isMatterOfProfile(reason: FailoverReason): boolean {
  return COOLS.has(reason) || DISABLES.has(reason);
}

/** The record of a sign-in after a failure; unchanged for reasons that are no fault of it. */
export function afterFailure(
  usage: ProfileUsage,
  { reason, modelId, now }: { reason: FailoverReason; modelId: string; now: number },
): ProfileUsage {
  if (!isMatterOfProfile(reason)) return usage;
  const forgiven = now - (usage.lastFailureAt ?? 0) >= FORGIVEN_AFTER_MS;
  const counts = forgiven ? {} : (usage.failureCounts ?? {});
  const failed = {
    ...usage,
    lastUsed: now,
    lastFailureAt: now,
    failureCounts: { ...counts, [reason]: (counts[reason] ?? 0) + 1 },
  };
  if (DISABLES.has(reason)) return { ...failed, disabledUntil: now + DISABLED_MS, disabledReason: reason };
  const errorCount = (forgiven ? 0 : (usage.errorCount ?? 0)) + 1;
  const cooldown = COOLDOWNS_MS[Math.min(errorCount, COOLDOWNS_MS.length) - 1] ?? COOLDOWNS_MS[0];
  const { cooldownModel: _model, ...rest } = failed;
  return {
    ...rest,
    errorCount,
    cooldownUntil: now + cooldown,
    cooldownReason: reason,
    // The limit of one model says nothing of the others.
    ...(reason === "rate_limit" ? { cooldownModel: modelId } : {}),
  };
}

/** The record of a sign-in after a success: nothing is held against it. */
export function afterSuccess(now: number): ProfileUsage {
  return { lastUsed: now };
}

/** Whether a sign-in rests for a model. */
export function pauseOf(
  usage: ProfileUsage | undefined,
  modelId: string,
  now: number,
): ProfilePause | undefined {
  const { disabledUntil = 0, disabledReason, cooldownUntil = 0, cooldownReason, cooldownModel } = usage ?? {};
  if (disabledUntil > now)
    return { until: disabledUntil, reason: disabledReason ?? "unknown", disabled: true };
  const concerned = cooldownModel === undefined || cooldownModel === modelId;
  if (cooldownUntil <= now || !concerned) return undefined;
  return { until: cooldownUntil, reason: cooldownReason ?? "unknown", disabled: false };
}
