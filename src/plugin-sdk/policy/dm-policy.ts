import type { GroupPolicy } from "../../channels/access/policy.ts";
import type {
  ChannelConfig,
  ChannelSecurityAdapter,
  DmPolicyDescription,
  IdentityAuthentication,
} from "../../contracts/channel.ts";
import { DEFAULT_ACCOUNT_ID, resolveAccountKey } from "../accounts/account-ids.ts";
import { channelSection } from "../setup/config-edits.ts";
import { asRecordOrEmpty } from "../values/records.ts";
import {
  buildOpenGroupPolicyRestrictSendersWarning,
  createAllowlistProviderGroupPolicyWarningCollector,
  createConditionalWarningCollector,
} from "./warnings.ts";

type AllowFrom = Array<string | number> | null | undefined;

export function formatPairingApproveHint(channelId: string): string {
  return `Approve with: sluice pairing list ${channelId} / sluice pairing approve ${channelId} <code>`;
}

export interface ScopedDmOptions {
  channelKey: string;
  defaultPolicy?: string;
  allowFromPathSuffix?: string;
  policyPathSuffix?: string;
  approveChannelId?: string;
  approveHint?: string;
  normalizeEntry?(raw: string): string;
  classifyEntryAuthentication?(raw: string): IdentityAuthentication | undefined;
}

/** What decides about a sender of direct messages, with the paths to change it. */
export function buildAccountScopedDmSecurityPolicy(
  params: ScopedDmOptions & {
    cfg: ChannelConfig;
    accountId?: string | null;
    fallbackAccountId?: string | null;
    policy?: string | null;
    allowFrom?: AllowFrom;
  },
): DmPolicyDescription {
  const accountId = params.accountId ?? params.fallbackAccountId ?? DEFAULT_ACCOUNT_ID;
  const accounts = asRecordOrEmpty(channelSection(params.cfg, params.channelKey)["accounts"]);
  const ownKey = resolveAccountKey(accounts, accountId);
  const base = `channels.${params.channelKey}.${ownKey === undefined ? "" : `accounts.${ownKey}.`}`;
  const suffix = params.allowFromPathSuffix ?? "";
  return {
    policy: params.policy ?? params.defaultPolicy ?? "pairing",
    allowFrom: params.allowFrom ?? [],
    ...(params.policyPathSuffix === undefined ? {} : { policyPath: `${base}${params.policyPathSuffix}` }),
    allowFromPath: suffix.endsWith("allowFrom") ? `${base}${suffix}` : `${base}${suffix}allowFrom`,
    approveHint: params.approveHint ?? formatPairingApproveHint(params.approveChannelId ?? params.channelKey),
    ...(params.normalizeEntry ? { normalizeEntry: params.normalizeEntry } : {}),
    ...(params.classifyEntryAuthentication
      ? { classifyEntryAuthentication: params.classifyEntryAuthentication }
      : {}),
  };
}

interface DmAccess {
  dmPolicy?: string | null;
  allowFrom?: AllowFrom;
}

export function createScopedDmSecurityResolver<Account extends { accountId?: string | null }>(
  params: ScopedDmOptions & {
    resolvePolicy(account: Account): string | null | undefined;
    resolveAllowFrom(account: Account): AllowFrom;
    resolveAccess?(params: { cfg: ChannelConfig; accountId?: string | null; account: Account }): DmAccess;
    resolveFallbackAccountId?(account: Account): string | null | undefined;
  },
) {
  return (context: {
    cfg: ChannelConfig;
    accountId?: string | null;
    account: Account;
  }): DmPolicyDescription => {
    const { cfg, account } = context;
    const access = params.resolveAccess?.(context);
    return buildAccountScopedDmSecurityPolicy({
      ...params,
      cfg,
      accountId: context.accountId ?? null,
      fallbackAccountId: params.resolveFallbackAccountId?.(account) ?? account.accountId ?? null,
      policy: (access ? access.dmPolicy : params.resolvePolicy(account)) ?? null,
      allowFrom: access ? access.allowFrom : params.resolveAllowFrom(account),
    });
  };
}

/** The security adapter of a channel whose groups are restricted by senders. */
export function createRestrictSendersChannelSecurity<Account extends { accountId?: string | null }>(
  params: Omit<ScopedDmOptions, "defaultPolicy" | "normalizeEntry"> & {
    resolveDmPolicy(account: Account): string | null | undefined;
    resolveDmAllowFrom(account: Account): AllowFrom;
    resolveGroupPolicy(account: Account): GroupPolicy | null | undefined;
    surface: string;
    openScope: string;
    groupPolicyPath: string;
    groupAllowFromPath: string;
    mentionGated?: boolean;
    findingTitle?: string;
    providerConfigPresent?(cfg: ChannelConfig): boolean;
    resolveFallbackAccountId?(account: Account): string | null | undefined;
    defaultDmPolicy?: string;
    normalizeDmEntry?(raw: string): string;
    dmRouting?: unknown;
  },
): ChannelSecurityAdapter<Account> {
  const collectWarnings = createAllowlistProviderGroupPolicyWarningCollector<{
    cfg: ChannelConfig;
    account: Account;
  }>({
    providerConfigPresent:
      params.providerConfigPresent ??
      ((cfg) => asRecordOrEmpty(cfg["channels"])[params.channelKey] !== undefined),
    resolveGroupPolicy: ({ account }) => params.resolveGroupPolicy(account),
    collect: ({ groupPolicy }) =>
      groupPolicy === "open" ? [buildOpenGroupPolicyRestrictSendersWarning(params)] : [],
  });
  return {
    resolveDmPolicy: createScopedDmSecurityResolver<Account>({
      ...params,
      resolvePolicy: params.resolveDmPolicy,
      resolveAllowFrom: params.resolveDmAllowFrom,
      ...(params.defaultDmPolicy === undefined ? {} : { defaultPolicy: params.defaultDmPolicy }),
      ...(params.normalizeDmEntry ? { normalizeEntry: params.normalizeDmEntry } : {}),
    }),
    collectWarnings: (context: object) =>
      params.findingTitle === undefined
        ? collectWarnings(context as { cfg: ChannelConfig; account: Account })
        : createConditionalWarningCollector.findings({
            collectWarnings,
            checkId: `channels.${params.channelKey}.groups.open`,
            severity: "warn",
            title: params.findingTitle,
          })(context as { cfg: ChannelConfig; account: Account }),
    ...(params.dmRouting === undefined ? {} : { dmRouting: params.dmRouting }),
  };
}
