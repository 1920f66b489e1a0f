import { normalizeAccountId } from "../accounts/account-ids.ts";
import { asRecordOrEmpty, isRecord, readPath, type UnknownRecord } from "../values/records.ts";
import {
  coerceSecretRef,
  hasConfiguredSecretInput,
  normalizeSecretInputString,
  type SecretRef,
} from "./secret-input.ts";

/** Which settings of a channel hold secrets, and which of them are in use. */

type Defaults = Readonly<Record<string, unknown>> | undefined;

export interface SecretAssignment {
  ref: SecretRef;
  path: string;
  expected: "string" | "string-or-object";
  ownerKind?: string;
  ownerId?: string;
  requiredForGateway?: boolean;
  apply(value: unknown): void;
  applyUnavailable?(): void;
  [extra: string]: unknown;
}

/** Collects what the host has to resolve before the channel starts. */
export interface SecretCollection {
  assignments: SecretAssignment[];
  warnings: { code: string; path: string; message: string }[];
  warningKeys?: Set<string>;
  [extra: string]: unknown;
}

export function isEnabledFlag(value: unknown): boolean {
  return !isRecord(value) || value["enabled"] !== false;
}

export function hasConfiguredSecretInputValue(value: unknown, defaults?: Defaults): boolean {
  return hasConfiguredSecretInput(value, defaults);
}

export function normalizeSecretStringValue(value: unknown): string {
  return normalizeSecretInputString(value) ?? "";
}

export interface ChannelAccountEntry {
  accountId: string;
  account: UnknownRecord;
  enabled: boolean;
}

export interface ChannelAccountSurface {
  hasExplicitAccounts: boolean;
  channelEnabled: boolean;
  accounts: ChannelAccountEntry[];
}

type ChannelsConfig = { channels?: unknown };

export function getChannelRecord(config: ChannelsConfig, channelKey: string): UnknownRecord | undefined {
  const section = readPath(config, ["channels", channelKey]);
  return isRecord(section) ? section : undefined;
}

export function resolveChannelAccountSurface(channel: UnknownRecord): ChannelAccountSurface {
  const channelEnabled = isEnabledFlag(channel);
  const accounts = Object.entries(asRecordOrEmpty(channel["accounts"])).filter(([, value]) =>
    isRecord(value),
  );
  if (accounts.length === 0) {
    const root = { accountId: "default", account: channel, enabled: channelEnabled };
    return { hasExplicitAccounts: false, channelEnabled, accounts: [root] };
  }
  return {
    hasExplicitAccounts: true,
    channelEnabled,
    accounts: accounts.map(([id, account]) => ({
      accountId: normalizeAccountId(id),
      account: account as UnknownRecord,
      enabled: channelEnabled && isEnabledFlag(account),
    })),
  };
}

export function getChannelSurface(config: ChannelsConfig, channelKey: string) {
  const channel = getChannelRecord(config, channelKey);
  return channel ? { channel, surface: resolveChannelAccountSurface(channel) } : null;
}

/** True when the root's value is used: by the channel itself or by an account without one of its own. */
export function isBaseFieldActiveForChannelSurface(surface: ChannelAccountSurface, rootKey: string): boolean {
  if (!surface.channelEnabled) return false;
  if (!surface.hasExplicitAccounts) return true;
  return surface.accounts.some(({ account, enabled }) => enabled && !Object.hasOwn(account, rootKey));
}

export function pushAssignment(context: SecretCollection, assignment: SecretAssignment): void {
  context.assignments.push(assignment);
}

export function pushWarning(
  context: SecretCollection,
  warning: { code: string; path: string; message: string },
): void {
  const key = `${warning.code}:${warning.path}:${warning.message}`;
  if (context.warningKeys?.has(key)) return;
  context.warningKeys?.add(key);
  context.warnings.push(warning);
}

export function pushInactiveSurfaceWarning(params: {
  context: SecretCollection;
  path: string;
  details?: string | undefined;
}): void {
  const details = params.details ? ` ${params.details}` : "";
  pushWarning(params.context, {
    code: "SECRETS_REF_IGNORED_INACTIVE_SURFACE",
    path: params.path,
    message: `${params.path}: the secret is not in use.${details}`,
  });
}

export interface SecretInputAssignment {
  value: unknown;
  path: string;
  expected: "string" | "string-or-object";
  defaults?: Defaults;
  context: SecretCollection;
  active?: boolean | undefined;
  inactiveReason?: string | undefined;
  owner?: { ownerKind?: string; ownerId?: string; requiredForGateway?: boolean };
  apply(value: unknown): void;
  applyUnavailable?(): void;
}

export function collectSecretInputAssignment(params: SecretInputAssignment): void {
  const ref = coerceSecretRef(params.value, params.defaults);
  if (!ref) return;
  if (params.active === false) {
    pushInactiveSurfaceWarning({
      context: params.context,
      path: params.path,
      details: params.inactiveReason,
    });
    return;
  }
  pushAssignment(params.context, {
    ref,
    path: params.path,
    expected: params.expected,
    ...params.owner,
    apply: params.apply,
    ...(params.applyUnavailable ? { applyUnavailable: params.applyUnavailable } : {}),
  });
}

type AccountPredicate = (entry: ChannelAccountEntry) => boolean;
type Reason = string | ((entry: ChannelAccountEntry) => string);

interface FieldScope {
  channelKey: string;
  channel: UnknownRecord;
  surface: ChannelAccountSurface;
  defaults?: Defaults;
  context: SecretCollection;
}

function collectField(
  scope: FieldScope,
  record: UnknownRecord,
  field: string,
  path: string,
  active: boolean,
  inactiveReason: string,
  accountId?: string,
): void {
  collectSecretInputAssignment({
    value: record[field],
    path: `${path}.${field}`,
    expected: "string",
    defaults: scope.defaults,
    context: scope.context,
    active,
    inactiveReason,
    owner: { ownerKind: "account", ownerId: `${scope.channelKey}:${accountId ?? "default"}` },
    apply: (value) => {
      record[field] = value;
    },
  });
}

function reasonOf(reason: Reason, entry: ChannelAccountEntry): string {
  return typeof reason === "function" ? reason(entry) : reason;
}

/** One secret field of the channel and of its accounts, with rules about when it is in use. */
export function collectConditionalChannelFieldAssignments(
  params: FieldScope & {
    field: string;
    topLevelActiveWithoutAccounts: boolean;
    topLevelInheritedAccountActive: AccountPredicate;
    accountActive: AccountPredicate;
    topInactiveReason: string;
    accountInactiveReason: Reason;
  },
): void {
  const { channelKey, field, channel, surface } = params;
  const inherited = surface.accounts.filter(({ account }) => !Object.hasOwn(account, field));
  const topActive = surface.hasExplicitAccounts
    ? inherited.some(params.topLevelInheritedAccountActive)
    : params.topLevelActiveWithoutAccounts;
  collectField(params, channel, field, `channels.${channelKey}`, topActive, params.topInactiveReason);
  if (!surface.hasExplicitAccounts) return;
  for (const entry of surface.accounts) {
    if (!Object.hasOwn(entry.account, field)) continue;
    const path = `channels.${channelKey}.accounts.${entry.accountId}`;
    const reason = reasonOf(params.accountInactiveReason, entry);
    collectField(params, entry.account, field, path, params.accountActive(entry), reason, entry.accountId);
  }
}

export function collectSimpleChannelFieldAssignments(
  params: FieldScope & { field: string; topInactiveReason: string; accountInactiveReason: string },
): void {
  collectConditionalChannelFieldAssignments({
    ...params,
    topLevelActiveWithoutAccounts: params.surface.channelEnabled,
    topLevelInheritedAccountActive: ({ enabled }) => enabled,
    accountActive: ({ enabled }) => enabled,
  });
}

/** A secret one level deeper: `<nestedKey>.<field>`. */
export function collectNestedChannelFieldAssignments(
  params: FieldScope & {
    nestedKey: string;
    field: string;
    topLevelActive: boolean;
    topLevelInheritedAccountActive?: AccountPredicate;
    topInactiveReason: string;
    accountActive: AccountPredicate;
    accountInactiveReason: Reason;
  },
): void {
  const { channelKey, nestedKey, field, channel, surface } = params;
  const root = channel[nestedKey];
  const inherited = params.topLevelInheritedAccountActive;
  if (isRecord(root)) {
    const active =
      surface.hasExplicitAccounts && inherited ? surface.accounts.some(inherited) : params.topLevelActive;
    collectField(
      params,
      root,
      field,
      `channels.${channelKey}.${nestedKey}`,
      active,
      params.topInactiveReason,
    );
  }
  if (!surface.hasExplicitAccounts) return;
  for (const entry of surface.accounts) {
    const nested = entry.account[nestedKey];
    if (!isRecord(nested)) continue;
    const path = `channels.${channelKey}.accounts.${entry.accountId}.${nestedKey}`;
    const reason = reasonOf(params.accountInactiveReason, entry);
    collectField(params, nested, field, path, params.accountActive(entry), reason, entry.accountId);
  }
}

interface TargetSpec {
  path: string;
  refPath?: string;
  targetType?: string;
  targetTypeAliases?: string[];
  secretShape?: string;
  expectedResolvedValue?: string;
  accountIdPathSegmentIndex?: number;
}

/** Which configuration paths of a channel hold secrets. */
export function createChannelSecretTargetRegistryEntries(params: {
  channelKey: string;
  account?: readonly (string | TargetSpec)[];
  channel?: readonly (string | TargetSpec)[];
}) {
  const { channelKey } = params;
  const entry = (given: string | TargetSpec, base: string) => {
    const spec = typeof given === "string" ? { path: given } : given;
    const pattern = `${base}.${spec.path}`;
    const { path: _path, refPath, ...rest } = spec;
    return {
      id: pattern,
      targetType: pattern,
      configFile: "openclaw.json" as const,
      pathPattern: pattern,
      ...(refPath === undefined ? {} : { refPathPattern: `${base}.${refPath}` }),
      secretShape: "secret_input",
      expectedResolvedValue: "string",
      includeInPlan: true,
      includeInConfigure: true,
      includeInAudit: true,
      ...rest,
    };
  };
  return [
    ...(params.account ?? []).map((spec) => entry(spec, `channels.${channelKey}.accounts.*`)),
    ...(params.channel ?? []).map((spec) => entry(spec, `channels.${channelKey}`)),
  ];
}

/** The secrets of a channel whose fields are all alike. */
export function createSimpleChannelSecretContract(params: {
  channelKey: string;
  label: string;
  accountFields: readonly string[];
  channelFields: readonly string[];
  mode:
    | "account-inheritance"
    | "channel-surface"
    | "channel-only"
    | { kind: "surface-inheritance"; collectionFields: readonly string[] };
}) {
  const { channelKey, label, mode } = params;
  const fields = typeof mode === "object" ? mode.collectionFields : params.channelFields;
  return {
    secretTargetRegistryEntries: createChannelSecretTargetRegistryEntries({
      channelKey,
      account: params.accountFields,
      channel: params.channelFields,
    }),
    collectRuntimeConfigAssignments(request: {
      config: ChannelsConfig;
      defaults?: Defaults;
      context: SecretCollection;
    }): void {
      const resolved = getChannelSurface(request.config, channelKey);
      if (!resolved) return;
      for (const field of fields) {
        collectSimpleChannelFieldAssignments({
          channelKey,
          field,
          channel: resolved.channel,
          surface:
            mode === "channel-only" ? { ...resolved.surface, hasExplicitAccounts: false } : resolved.surface,
          defaults: request.defaults,
          context: request.context,
          topInactiveReason: `no enabled account of ${label} inherits it.`,
          accountInactiveReason: `the ${label} account is disabled.`,
        });
      }
    },
  };
}
