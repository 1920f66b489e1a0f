import type { GroupPolicy } from "../../channels/access/policy.ts";
import type { ChannelConfig } from "../../contracts/channel.ts";
import {
  resolveAllowlistProviderRuntimeGroupPolicy,
  resolveDefaultGroupPolicy,
  resolveOpenProviderRuntimeGroupPolicy,
} from "./group-policy.ts";

/** What `doctor` and `status` tell about a channel that is open wider than it looks. */

export interface SecurityFinding {
  checkId: string;
  severity: "info" | "warn" | "critical";
  title: string;
  detail: string;
  remediation?: string;
}

type Warning = string | string[] | null | undefined | false;
type Collector<Params> = (params: Params) => Warning;

function collect<Params>(collectors: readonly Collector<Params>[], params: Params): string[] {
  return collectors.flatMap((collector) => collector(params) || []);
}

function composeCollectors<Params>(...collectors: Collector<Params>[]): (params: Params) => string[] {
  return (params) => collect(collectors, params);
}

/** Gathers what several checks say; `.findings` wraps it as audit findings. */
export const createConditionalWarningCollector = Object.assign(composeCollectors, {
  findings: createSecurityFindingCollector,
});

function createSecurityFindingCollector<Params>(options: {
  collectWarnings(params: Params): string[];
  checkId: string;
  severity: SecurityFinding["severity"];
  title: string;
  remediation?: string;
}): (params: Params) => SecurityFinding[] {
  return (params) =>
    options.collectWarnings(params).map((warning) => ({
      checkId: options.checkId,
      severity: options.severity,
      title: options.title,
      detail: warning.replace(/^-\s*/, ""),
      ...(options.remediation === undefined ? {} : { remediation: options.remediation }),
    }));
}

interface OpenWarning {
  surface: string;
  openBehavior: string;
  remediation: string;
}

export function buildOpenGroupPolicyWarning(params: OpenWarning): string {
  return `- ${params.surface}: groupPolicy="open" ${params.openBehavior}. ${params.remediation}.`;
}

interface RestrictSenders {
  surface: string;
  openScope: string;
  groupPolicyPath: string;
  groupAllowFromPath: string;
  mentionGated?: boolean;
}

export function buildOpenGroupPolicyRestrictSendersWarning(params: RestrictSenders): string {
  const gate = params.mentionGated === false ? "" : " (mention-gated)";
  return buildOpenGroupPolicyWarning({
    surface: params.surface,
    openBehavior: `lets ${params.openScope} trigger the agent${gate}`,
    remediation: `Set ${params.groupPolicyPath}="allowlist" and list the senders in ${params.groupAllowFromPath}`,
  });
}

interface NoRouteAllowlist {
  surface: string;
  routeAllowlistPath: string;
  routeScope: string;
  groupPolicyPath: string;
  groupAllowFromPath: string;
  mentionGated?: boolean;
}

export function buildOpenGroupPolicyNoRouteAllowlistWarning(params: NoRouteAllowlist): string {
  const gate = params.mentionGated === false ? "" : " (mention-gated)";
  return buildOpenGroupPolicyWarning({
    surface: params.surface,
    openBehavior: `without ${params.routeAllowlistPath}: any ${params.routeScope} can add the agent and reach it${gate}`,
    remediation: `Set ${params.groupPolicyPath}="allowlist" with ${params.groupAllowFromPath}, or configure ${params.routeAllowlistPath}`,
  });
}

interface ConfigureRouteAllowlist {
  surface: string;
  openScope: string;
  groupPolicyPath: string;
  routeAllowlistPath: string;
  mentionGated?: boolean;
}

export function buildOpenGroupPolicyConfigureRouteAllowlistWarning(params: ConfigureRouteAllowlist): string {
  const gate = params.mentionGated === false ? "" : " (mention-gated)";
  return buildOpenGroupPolicyWarning({
    surface: params.surface,
    openBehavior: `lets ${params.openScope} trigger the agent${gate}`,
    remediation: `Set ${params.groupPolicyPath}="allowlist" and configure ${params.routeAllowlistPath}`,
  });
}

interface ProviderParams {
  cfg: ChannelConfig;
}

interface ProviderOptions<Params extends ProviderParams> {
  providerConfigPresent(cfg: ChannelConfig): boolean;
  resolveGroupPolicy(params: Params): GroupPolicy | null | undefined;
  collect(params: Params & { groupPolicy: GroupPolicy }): string[];
}

function effective<Params extends ProviderParams>(
  options: ProviderOptions<Params>,
  params: Params,
  resolve: typeof resolveAllowlistProviderRuntimeGroupPolicy,
): string[] {
  const { groupPolicy } = resolve({
    providerConfigPresent: options.providerConfigPresent(params.cfg),
    groupPolicy: options.resolveGroupPolicy(params) ?? undefined,
    defaultGroupPolicy: resolveDefaultGroupPolicy(params.cfg),
  });
  return options.collect({ ...params, groupPolicy });
}

export function createAllowlistProviderGroupPolicyWarningCollector<Params extends ProviderParams>(
  options: ProviderOptions<Params>,
): (params: Params) => string[] {
  return (params) => effective(options, params, resolveAllowlistProviderRuntimeGroupPolicy);
}

export function createOpenProviderGroupPolicyWarningCollector<Params extends ProviderParams>(
  options: ProviderOptions<Params>,
): (params: Params) => string[] {
  return (params) => effective(options, params, resolveOpenProviderRuntimeGroupPolicy);
}

interface AccountParams<Account> extends ProviderParams {
  account: Account;
}

interface AccountOptions<Account> {
  providerConfigPresent(cfg: ChannelConfig): boolean;
  resolveGroupPolicy(account: Account): GroupPolicy | null | undefined;
}

function forAccounts<Account>(
  options: AccountOptions<Account>,
  warn: (account: Account) => string[],
  create: typeof createAllowlistProviderGroupPolicyWarningCollector,
): (params: AccountParams<Account>) => string[] {
  return create<AccountParams<Account>>({
    providerConfigPresent: options.providerConfigPresent,
    resolveGroupPolicy: ({ account }) => options.resolveGroupPolicy(account),
    collect: ({ account, groupPolicy }) => (groupPolicy === "open" ? warn(account) : []),
  });
}

export function createAllowlistProviderOpenWarningCollector<Account>(
  options: AccountOptions<Account> & { buildOpenWarning: OpenWarning },
) {
  return forAccounts<Account>(
    options,
    () => [buildOpenGroupPolicyWarning(options.buildOpenWarning)],
    createAllowlistProviderGroupPolicyWarningCollector,
  );
}

export function createAllowlistProviderRestrictSendersWarningCollector<Account>(
  options: AccountOptions<Account> & RestrictSenders,
) {
  return forAccounts<Account>(
    options,
    () => [buildOpenGroupPolicyRestrictSendersWarning(options)],
    createAllowlistProviderGroupPolicyWarningCollector,
  );
}

export function createAllowlistProviderRouteAllowlistWarningCollector<Account>(
  options: AccountOptions<Account> & {
    resolveRouteAllowlistConfigured(account: Account): boolean;
    restrictSenders: RestrictSenders;
    noRouteAllowlist: NoRouteAllowlist;
  },
) {
  return forAccounts<Account>(
    options,
    (account) =>
      collectOpenGroupPolicyRouteAllowlistWarnings({
        groupPolicy: "open",
        routeAllowlistConfigured: options.resolveRouteAllowlistConfigured(account),
        restrictSenders: options.restrictSenders,
        noRouteAllowlist: options.noRouteAllowlist,
      }),
    createAllowlistProviderGroupPolicyWarningCollector,
  );
}

export function collectOpenGroupPolicyRouteAllowlistWarnings(params: {
  groupPolicy: GroupPolicy;
  routeAllowlistConfigured: boolean;
  restrictSenders: RestrictSenders;
  noRouteAllowlist: NoRouteAllowlist;
}): string[] {
  if (params.groupPolicy !== "open") return [];
  return [
    params.routeAllowlistConfigured
      ? buildOpenGroupPolicyRestrictSendersWarning(params.restrictSenders)
      : buildOpenGroupPolicyNoRouteAllowlistWarning(params.noRouteAllowlist),
  ];
}

export function createOpenProviderConfiguredRouteWarningCollector<Account>(
  options: AccountOptions<Account> & {
    resolveRouteAllowlistConfigured(account: Account): boolean;
    configureRouteAllowlist: ConfigureRouteAllowlist;
    missingRouteAllowlist: OpenWarning;
  },
) {
  return forAccounts<Account>(
    options,
    (account) => [
      options.resolveRouteAllowlistConfigured(account)
        ? buildOpenGroupPolicyConfigureRouteAllowlistWarning(options.configureRouteAllowlist)
        : buildOpenGroupPolicyWarning(options.missingRouteAllowlist),
    ],
    createOpenProviderGroupPolicyWarningCollector,
  );
}

/** For channels whose policy has a default of its own, whatever the configuration's default is. */
export function createOpenGroupPolicyRestrictSendersWarningCollector<Account>(
  options: RestrictSenders & {
    resolveGroupPolicy(account: Account): GroupPolicy | null | undefined;
    /** Default `allowlist`. */
    defaultGroupPolicy?: GroupPolicy;
  },
): (account: Account) => string[] {
  return (account) => {
    const policy = options.resolveGroupPolicy(account) ?? options.defaultGroupPolicy ?? "allowlist";
    return policy === "open" ? [buildOpenGroupPolicyRestrictSendersWarning(options)] : [];
  };
}

/** Makes a check of accounts one of what `status` hands over. */
export function projectAccountWarningCollector<Account, Params extends { account: Account }>(
  collectWarnings: (account: Account) => string[],
): (params: Params) => string[] {
  return ({ account }) => collectWarnings(account);
}

/** Checks what `project` makes of the parameters instead of the parameters themselves. */
export function projectWarningCollector<Params, Projected>(
  project: (params: Params) => Projected,
  collectWarnings: (projected: Projected) => string[],
): (params: Params) => string[] {
  return (params) => collectWarnings(project(params));
}

/** Makes a check of the configuration alone one of what `status` hands over. */
export function projectConfigWarningCollector<Params extends ProviderParams>(
  collectWarnings: (params: ProviderParams) => string[],
): (params: Params) => string[] {
  return ({ cfg }) => collectWarnings({ cfg });
}

/** The same for a check that wants to know the account's id. */
export function projectConfigAccountIdWarningCollector<
  Params extends ProviderParams & { accountId?: string | null },
>(
  collectWarnings: (params: ProviderParams & { accountId?: string | null }) => string[],
): (params: Params) => string[] {
  return ({ cfg, accountId }) => collectWarnings({ cfg, ...(accountId === undefined ? {} : { accountId }) });
}

/** The same for a check of an account beside a configuration of the channel's own type. */
export function projectAccountConfigWarningCollector<Account, Config, Params extends AccountParams<Account>>(
  projectConfig: (cfg: ChannelConfig) => Config,
  collectWarnings: (params: { account: Account; cfg: Config }) => string[],
): (params: Params) => string[] {
  return ({ account, cfg }) => collectWarnings({ account, cfg: projectConfig(cfg) });
}

/** Several checks of the same parameters as one; those that are not there say nothing. */
export function composeWarningCollectors<Params>(
  ...collectors: (Collector<Params> | null | undefined)[]
): (params: Params) => string[] {
  return composeCollectors(...collectors.filter((collector) => collector != null));
}

/** A check of what `status` hands over, and further ones of its account alone. */
export function composeAccountWarningCollectors<Account, Params extends { account: Account }>(
  base: Collector<Params>,
  ...collectors: Collector<Account>[]
): (params: Params) => string[] {
  return (params) => [...collect([base], params), ...collect(collectors, params.account)];
}
