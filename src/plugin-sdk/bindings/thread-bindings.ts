import type { ChannelConfig } from "../../contracts/channel.ts";
import { DEFAULT_ACCOUNT_ID, normalizeAccountId } from "../accounts/account-ids.ts";
import { readPath } from "../values/records.ts";
import { normalizeOptionalString } from "../values/strings.ts";

/** Idle time after which a thread's binding ends, unless the configuration says otherwise. */
export const DEFAULT_THREAD_BINDING_IDLE_HOURS = 24;
/** Settings of `threadBindings` that let a thread be made for a session that starts. */
const SPAWN_ACP = "spawnAcpSessions";
const SPAWN_SUBAGENT = "spawnSubagentSessions";
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Longest name of a thread that is made for a binding. */
export const MAX_THREAD_NAME = 100;

export interface ThreadBindingExpiry {
  /** Milliseconds since 1970; absent: the binding does not end by itself. */
  expiresAt?: number;
  reason?: "idle-expired" | "max-age-expired";
}

function hours(...stated: unknown[]): number | undefined {
  return stated.find(
    (value): value is number => typeof value === "number" && Number.isFinite(value) && value >= 0,
  );
}

/** Zero: the binding does not end by being idle. */
export function resolveThreadBindingIdleTimeoutMs(params: {
  channelIdleHoursRaw?: unknown;
  sessionIdleHoursRaw?: unknown;
}): number {
  const stated = hours(params.channelIdleHoursRaw, params.sessionIdleHoursRaw);
  return Math.floor((stated ?? DEFAULT_THREAD_BINDING_IDLE_HOURS) * HOUR_MS);
}

/** Zero, the default: the binding does not end by its age. */
export function resolveThreadBindingMaxAgeMs(params: {
  channelMaxAgeHoursRaw?: unknown;
  sessionMaxAgeHoursRaw?: unknown;
}): number {
  return Math.floor((hours(params.channelMaxAgeHoursRaw, params.sessionMaxAgeHoursRaw) ?? 0) * HOUR_MS);
}

interface AccountOfChannel {
  cfg: ChannelConfig;
  channel: string;
  accountId?: string | null;
}

/** A setting of `threadBindings`: of the account, else of the channel, else of `session`. */
function setting(
  { cfg, channel, accountId }: AccountOfChannel,
  name: string,
): { channel: unknown; session: unknown } {
  const root = readPath(cfg, ["channels", channel]);
  const own = readPath(root, ["accounts", normalizeAccountId(accountId), "threadBindings", name]);
  return {
    channel: own ?? readPath(root, ["threadBindings", name]),
    session: readPath(cfg, ["session", "threadBindings", name]),
  };
}

export function resolveThreadBindingIdleTimeoutMsForChannel(params: AccountOfChannel): number {
  const { channel, session } = setting(params, "idleHours");
  return resolveThreadBindingIdleTimeoutMs({ channelIdleHoursRaw: channel, sessionIdleHoursRaw: session });
}

export function resolveThreadBindingMaxAgeMsForChannel(params: AccountOfChannel): number {
  const { channel, session } = setting(params, "maxAgeHours");
  return resolveThreadBindingMaxAgeMs({ channelMaxAgeHoursRaw: channel, sessionMaxAgeHoursRaw: session });
}

export function resolveThreadBindingsEnabled(params: {
  channelEnabledRaw?: unknown;
  sessionEnabledRaw?: unknown;
}): boolean {
  const stated = [params.channelEnabledRaw, params.sessionEnabledRaw].find(
    (value) => typeof value === "boolean",
  );
  return stated !== false;
}

/** Whether work of a kind may be given a thread of its own. */
export function resolveThreadBindingSpawnPolicy(params: AccountOfChannel & { kind: "subagent" | "acp" }): {
  channel: string;
  accountId: string;
  enabled: boolean;
  spawnEnabled: boolean;
} {
  const { channel, kind } = params;
  const on = setting(params, "enabled");
  const name = kind === "acp" ? SPAWN_ACP : SPAWN_SUBAGENT;
  const spawn = setting(params, name);
  const enabled = resolveThreadBindingsEnabled({
    channelEnabledRaw: on.channel,
    sessionEnabledRaw: on.session,
  });
  const allowed = spawn.channel ?? spawn.session;
  return {
    channel,
    accountId: normalizeAccountId(params.accountId),
    enabled,
    spawnEnabled: enabled && allowed === true,
  };
}

/** `disabled`, `90m`, `24h`: whole hours, else minutes. */
export function formatThreadBindingDurationLabel(durationMs: number): string {
  if (!(durationMs > 0)) return "disabled";
  if (durationMs < MINUTE_MS) return "<1m";
  return durationMs % HOUR_MS === 0
    ? `${durationMs / HOUR_MS}h`
    : `${Math.max(1, Math.floor(durationMs / MINUTE_MS))}m`;
}

export function resolveThreadBindingThreadName(params: { agentId?: string; label?: string }): string {
  const name = normalizeOptionalString(params.label) ?? normalizeOptionalString(params.agentId) ?? "agent";
  return `🤖 ${name.replace(/\s+/g, " ")}`.slice(0, MAX_THREAD_NAME);
}

export function resolveThreadBindingIntroText(params: {
  agentId?: string;
  label?: string;
  idleTimeoutMs?: number;
  maxAgeMs?: number;
  sessionCwd?: string;
  sessionDetails?: readonly string[];
}): string {
  const { idleTimeoutMs = 0, maxAgeMs = 0, sessionCwd, sessionDetails = [] } = params;
  const name =
    normalizeOptionalString(params.label) ?? normalizeOptionalString(params.agentId) ?? "The agent";
  const ends = [
    ...(idleTimeoutMs > 0
      ? [`after ${formatThreadBindingDurationLabel(idleTimeoutMs)} without a message`]
      : []),
    ...(maxAgeMs > 0 ? [`${formatThreadBindingDurationLabel(maxAgeMs)} after its start`] : []),
  ];
  return [
    `${name} answers in this thread.${ends.length > 0 ? ` That ends ${ends.join(" or ")}.` : ""}`,
    ...(sessionCwd ? [`Folder: ${sessionCwd}`] : []),
    ...sessionDetails,
  ].join("\n");
}

export function resolveThreadBindingFarewellText(params: {
  reason?: string;
  farewellText?: string;
  idleTimeoutMs: number;
  maxAgeMs: number;
}): string {
  const own = normalizeOptionalString(params.farewellText);
  if (own) return own;
  const why =
    params.reason === "idle-expired"
      ? ` after ${formatThreadBindingDurationLabel(params.idleTimeoutMs)} without a message`
      : params.reason === "max-age-expired"
        ? ` ${formatThreadBindingDurationLabel(params.maxAgeMs)} after its start`
        : "";
  return `The session of this thread has ended${why}.`;
}

/** The earlier of two ends, and which one it is. */
export function resolveThreadBindingExpiry(params: {
  inactivityExpiresAt?: number;
  maxAgeExpiresAt?: number;
}): ThreadBindingExpiry {
  const { inactivityExpiresAt: idle, maxAgeExpiresAt: age } = params;
  if (idle !== undefined && (age === undefined || idle <= age))
    return { expiresAt: idle, reason: "idle-expired" };
  return age === undefined ? {} : { expiresAt: age, reason: "max-age-expired" };
}

/** When a binding ends; its own durations win over the defaults. */
export function resolveThreadBindingLifecycle(params: {
  record: { boundAt: number; lastActivityAt: number; idleTimeoutMs?: number; maxAgeMs?: number };
  defaultIdleTimeoutMs: number;
  defaultMaxAgeMs: number;
}): ThreadBindingExpiry {
  const { record } = params;
  const idleMs = record.idleTimeoutMs ?? params.defaultIdleTimeoutMs;
  const ageMs = record.maxAgeMs ?? params.defaultMaxAgeMs;
  return resolveThreadBindingExpiry({
    ...(idleMs > 0 ? { inactivityExpiresAt: Math.max(record.lastActivityAt, record.boundAt) + idleMs } : {}),
    ...(ageMs > 0 ? { maxAgeExpiresAt: record.boundAt + ageMs } : {}),
  });
}

/** The conversation in a binding's id, which is `<account>:<conversation>`; `undefined` for other accounts. */
export function resolveThreadBindingConversationIdFromBindingId(params: {
  accountId: string;
  bindingId?: string;
}): string | undefined {
  const prefix = `${params.accountId}:`;
  const id = params.bindingId?.trim() ?? "";
  return id.startsWith(prefix) && id.length > prefix.length ? id.slice(prefix.length) : undefined;
}

interface RefusedBinding {
  channel: string;
  accountId?: string | null;
  kind: "subagent" | "acp";
}

function bindingSetting({ channel, accountId }: RefusedBinding, name: string): string {
  const account = normalizeAccountId(accountId);
  const scope = account === DEFAULT_ACCOUNT_ID ? channel : `${channel}.accounts.${account}`;
  return `channels.${scope}.threadBindings.${name}`;
}

/** Why a thread is not bound, and which setting would let it be. */
export function formatThreadBindingDisabledError(refused: RefusedBinding): string {
  return `thread bindings are off for ${refused.channel}; set ${bindingSetting(refused, "enabled")} to true, or session.threadBindings.enabled for every channel`;
}

/** Why no thread is made for a session that starts. */
export function formatThreadBindingSpawnDisabledError(refused: RefusedBinding): string {
  const [what, name] = refused.kind === "acp" ? ["ACP sessions", SPAWN_ACP] : ["subagents", SPAWN_SUBAGENT];
  return `threads are not made for ${what} of ${refused.channel}; set ${bindingSetting(refused, name)} to true`;
}
