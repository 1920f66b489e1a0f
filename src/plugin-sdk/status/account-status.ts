import type { ChannelAccountSnapshot, ChannelConfig, ChannelStatusAdapter } from "../../contracts/channel.ts";
import { isRecord, withoutUndefined } from "../values/records.ts";
import { normalizeOptionalString } from "../values/strings.ts";

type Extra = Record<string, unknown>;

/** What the supervisor knows of a running account. */
export interface RuntimeLifecycleSnapshot {
  running?: boolean | null;
  lastStartAt?: number | null;
  lastStopAt?: number | null;
  lastError?: string | null;
  lastInboundAt?: number | null;
  lastOutboundAt?: number | null;
  [extra: string]: unknown;
}

/** Passed through when the supervisor has them. */
const LIVE_FIELDS = [
  "linked",
  "connected",
  "restartPending",
  "reconnectAttempts",
  "lastConnectedAt",
  "lastDisconnect",
  "lastEventAt",
  "lastTransportActivityAt",
  "healthState",
  "lifecycle",
  "ingressUnavailable",
  "terminalDisconnect",
  "busy",
  "activeRuns",
  "lastRunActivityAt",
  "activeRunStartedAt",
] as const;

export function createDefaultChannelRuntimeState<T extends Extra>(accountId: string, extra?: T) {
  return {
    accountId,
    running: false as const,
    lastStartAt: null,
    lastStopAt: null,
    lastError: null,
    ...(extra as T),
  };
}

export function buildRuntimeAccountStatusSnapshot(
  params: { runtime?: RuntimeLifecycleSnapshot | null | undefined; probe?: unknown },
  extra?: Extra,
) {
  const { runtime } = params;
  return {
    running: runtime?.running ?? false,
    lastStartAt: runtime?.lastStartAt ?? null,
    lastStopAt: runtime?.lastStopAt ?? null,
    lastError: runtime?.lastError ?? null,
    probe: params.probe,
    ...extra,
  };
}

export function buildComputedAccountStatusSnapshot(
  params: {
    accountId: string;
    name?: string | undefined;
    enabled?: boolean | undefined;
    configured?: boolean | undefined;
    runtime?: RuntimeLifecycleSnapshot | null | undefined;
    probe?: unknown;
  },
  extra?: Extra,
) {
  const { runtime } = params;
  const live = Object.fromEntries(LIVE_FIELDS.map((field) => [field, runtime?.[field] ?? undefined]));
  return {
    accountId: params.accountId,
    name: params.name,
    enabled: params.enabled,
    configured: params.configured,
    ...withoutUndefined(live),
    ...buildRuntimeAccountStatusSnapshot(params),
    lastInboundAt: runtime?.lastInboundAt ?? null,
    lastOutboundAt: runtime?.lastOutboundAt ?? null,
    ...extra,
  };
}

export function buildBaseAccountStatusSnapshot(
  params: {
    account: { accountId: string; name?: string; enabled?: boolean; configured?: boolean };
    runtime?: RuntimeLifecycleSnapshot | null;
    probe?: unknown;
  },
  extra?: Extra,
) {
  const { account, runtime, probe } = params;
  return buildComputedAccountStatusSnapshot({ ...account, runtime, probe }, extra);
}

interface ComputedSnapshot {
  accountId: string;
  name?: string;
  enabled?: boolean;
  configured?: boolean;
  extra?: Extra;
}

interface SnapshotParams<Account> {
  account: Account;
  cfg: ChannelConfig;
  runtime?: RuntimeLifecycleSnapshot;
  probe?: unknown;
  audit?: unknown;
}

/** A status adapter whose account snapshot is worked out from the account and the running state. */
export function createComputedAccountStatusAdapter<Account>(
  options: Omit<ChannelStatusAdapter<Account>, "buildAccountSnapshot"> & {
    resolveAccountSnapshot(params: SnapshotParams<Account>): ComputedSnapshot;
  },
): ChannelStatusAdapter<Account> {
  const { resolveAccountSnapshot, ...rest } = options;
  return {
    ...rest,
    buildAccountSnapshot: (params: object) => {
      const given = params as SnapshotParams<Account>;
      const { extra, ...snapshot } = resolveAccountSnapshot(given);
      return buildComputedAccountStatusSnapshot(
        { ...snapshot, runtime: given.runtime, probe: given.probe },
        extra,
      ) as unknown as ChannelAccountSnapshot;
    },
  } as ChannelStatusAdapter<Account>;
}

export function createAsyncComputedAccountStatusAdapter<Account>(
  options: Omit<ChannelStatusAdapter<Account>, "buildAccountSnapshot"> & {
    resolveAccountSnapshot(params: SnapshotParams<Account>): Promise<ComputedSnapshot>;
  },
): ChannelStatusAdapter<Account> {
  const { resolveAccountSnapshot, ...rest } = options;
  return {
    ...rest,
    buildAccountSnapshot: (async (params: object) => {
      const given = params as SnapshotParams<Account>;
      const { extra, ...snapshot } = await resolveAccountSnapshot(given);
      return buildComputedAccountStatusSnapshot(
        { ...snapshot, runtime: given.runtime, probe: given.probe },
        extra,
      );
    }) as never,
  } as ChannelStatusAdapter<Account>;
}

interface SummaryInput {
  configured?: boolean | null;
  running?: boolean | null;
  lastStartAt?: number | null;
  lastStopAt?: number | null;
  lastError?: string | null;
}

interface ProbedSummaryInput extends SummaryInput {
  probe?: unknown;
  lastProbeAt?: number | null;
}

export function buildBaseChannelStatusSummary(snapshot: SummaryInput, extra?: Extra) {
  return {
    configured: snapshot.configured ?? false,
    ...extra,
    running: snapshot.running ?? false,
    lastStartAt: snapshot.lastStartAt ?? null,
    lastStopAt: snapshot.lastStopAt ?? null,
    lastError: snapshot.lastError ?? null,
  };
}

export function buildProbeChannelStatusSummary(snapshot: ProbedSummaryInput, extra?: Extra) {
  return {
    ...buildBaseChannelStatusSummary(snapshot, extra),
    probe: snapshot.probe,
    lastProbeAt: snapshot.lastProbeAt ?? null,
  };
}

export function buildWebhookChannelStatusSummary(
  snapshot: SummaryInput & { mode?: string | null },
  extra?: Extra,
) {
  return buildBaseChannelStatusSummary(snapshot, { mode: snapshot.mode ?? "webhook", ...extra });
}

export function buildTokenChannelStatusSummary(
  snapshot: ProbedSummaryInput & { tokenSource?: string | null; mode?: string | null },
  options: { includeMode?: boolean } = {},
) {
  return {
    ...buildBaseChannelStatusSummary(snapshot),
    tokenSource: snapshot.tokenSource ?? "none",
    probe: snapshot.probe,
    lastProbeAt: snapshot.lastProbeAt ?? null,
    ...(options.includeMode === false ? {} : { mode: snapshot.mode ?? null }),
  };
}

export function buildTrafficStatusSummary(
  snapshot?: { lastInboundAt?: number | null; lastOutboundAt?: number | null } | null,
) {
  return {
    lastInboundAt: snapshot?.lastInboundAt ?? null,
    lastOutboundAt: snapshot?.lastOutboundAt ?? null,
  };
}

export interface ChannelStatusIssue {
  channel: string;
  accountId: string;
  kind: "intent" | "permissions" | "config" | "auth" | "runtime";
  message: string;
  fix?: string;
}

export function collectStatusIssuesFromLastError(
  channel: string,
  accounts: ReadonlyArray<{ accountId: string; lastError?: unknown }>,
): ChannelStatusIssue[] {
  return accounts.flatMap(({ accountId, lastError }) => {
    const text = normalizeOptionalString(lastError);
    return text ? [{ channel, accountId, kind: "runtime" as const, message: `Channel error: ${text}` }] : [];
  });
}

export function resolveEnabledConfiguredAccountId(account: {
  accountId?: unknown;
  enabled?: unknown;
  configured?: unknown;
}): string | null {
  if (account.enabled === false || account.configured !== true) return null;
  return coerceStatusIssueAccountId(account.accountId) ?? "default";
}

export function coerceStatusIssueAccountId(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number"
    ? normalizeOptionalString(String(value))
    : undefined;
}

export function readStatusIssueFields<Field extends string>(
  value: unknown,
  fields: readonly Field[],
): Record<Field, unknown> | null {
  if (!isRecord(value)) return null;
  return Object.fromEntries(fields.map((field) => [field, value[field]])) as Record<Field, unknown>;
}

export function readAccountStatusSnapshot<Field extends string>(
  value: unknown,
  extraFields: readonly Field[],
) {
  return readStatusIssueFields(value, ["accountId", "enabled", "configured", ...extraFields]);
}

export function collectIssuesForEnabledAccounts<
  T extends { accountId?: unknown; enabled?: unknown },
>(params: {
  accounts: ChannelAccountSnapshot[];
  readAccount(value: ChannelAccountSnapshot): T | null;
  collectIssues(params: { account: T; accountId: string; issues: ChannelStatusIssue[] }): void;
}): ChannelStatusIssue[] {
  const issues: ChannelStatusIssue[] = [];
  for (const snapshot of params.accounts) {
    const account = params.readAccount(snapshot);
    if (!account || account.enabled === false) continue;
    const accountId = coerceStatusIssueAccountId(account.accountId) ?? "default";
    params.collectIssues({ account, accountId, issues });
  }
  return issues;
}

export function standardDmPolicyOpenIssue(params: {
  channel: string;
  accountId: string;
  channelLabel: string;
  configPath: string;
}): ChannelStatusIssue {
  return {
    channel: params.channel,
    accountId: params.accountId,
    kind: "config",
    message: `${params.channelLabel} answers direct messages from anyone (dmPolicy "open").`,
    fix: `Set ${params.configPath} to "pairing" or "allowlist" unless that is intended.`,
  };
}

/** An account that cannot start yet. */
export function standardNotConfiguredIssue(params: {
  channel: string;
  accountId: string;
  message?: string;
  fix?: string;
}): ChannelStatusIssue {
  const { channel, accountId } = params;
  return {
    channel,
    accountId,
    kind: "config",
    message: params.message ?? `The account "${accountId}" is not configured.`,
    fix: params.fix ?? `Set it up below channels.${channel} of the configuration.`,
  };
}

export function createDependentCredentialStatusIssueCollector(options: {
  channel: string;
  dependencySourceKey: string;
  missingPrimaryMessage: string;
  missingDependentMessage: string;
  isDependencyConfigured?: ((value: unknown) => boolean) | undefined;
}): (accounts: ReadonlyArray<Record<string, unknown>>) => ChannelStatusIssue[] {
  const given =
    options.isDependencyConfigured ??
    ((value: unknown) => typeof value === "string" && value.trim() !== "" && value !== "none");
  return (accounts) =>
    accounts
      .filter((account) => account["enabled"] !== false && account["configured"] !== true)
      .map((account) => ({
        channel: options.channel,
        accountId: coerceStatusIssueAccountId(account["accountId"]) ?? "default",
        kind: "config",
        message: given(account[options.dependencySourceKey])
          ? options.missingPrimaryMessage
          : options.missingDependentMessage,
      }));
}

export function appendMatchMetadata(
  message: string,
  params: { matchKey?: unknown; matchSource?: unknown },
): string {
  const facts = [
    typeof params.matchKey === "string" ? `matchKey=${params.matchKey}` : "",
    typeof params.matchSource === "string" ? `matchSource=${params.matchSource}` : "",
  ].filter(Boolean);
  return facts.length > 0 ? `${message} (${facts.join(" ")})` : message;
}

export type ReactionLevel = "off" | "ack" | "minimal" | "extensive";

/** How freely an agent reacts, spelled out. */
export function resolveReactionLevel(params: {
  value: unknown;
  defaultLevel: ReactionLevel;
  invalidFallback: "ack" | "minimal";
}): {
  level: ReactionLevel;
  ackEnabled: boolean;
  agentReactionsEnabled: boolean;
  agentReactionGuidance?: "minimal" | "extensive";
} {
  const known: readonly unknown[] = ["off", "ack", "minimal", "extensive"];
  const { value } = params;
  const level =
    value === undefined || value === null
      ? params.defaultLevel
      : known.includes(value)
        ? (value as ReactionLevel)
        : params.invalidFallback;
  const guided = level === "minimal" || level === "extensive";
  return {
    level,
    ackEnabled: level === "ack",
    agentReactionsEnabled: guided,
    ...(guided ? { agentReactionGuidance: level } : {}),
  };
}
