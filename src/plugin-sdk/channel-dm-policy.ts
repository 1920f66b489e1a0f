import type { ChannelConfig } from "../contracts/channel.ts";
import { DEFAULT_ACCOUNT_ID } from "./accounts/account-ids.ts";
import { addWildcardAllowFrom } from "./setup/allow-from-edits.ts";
import { patchScopedAccountConfig } from "./setup/config-edits.ts";
import type { SetupPrompter } from "./setup/wizard-types.ts";

interface DmAccount {
  accountId: string;
  config: { dmPolicy?: string; allowFrom?: ReadonlyArray<string | number> | null };
}

interface DmContext<Account extends DmAccount> {
  cfg: ChannelConfig;
  requestedAccountId?: string;
  account: Account;
}

type PatchContext<Account extends DmAccount> = DmContext<Account> & { policy: string; allowFrom?: string[] };
type PromptAllowFrom = (params: {
  cfg: ChannelConfig;
  prompter: SetupPrompter;
  accountId?: string;
}) => Promise<ChannelConfig>;

/** The direct-message policy of a channel as the setup wizard shows and writes it. */
export function createChannelDmPolicy<Account extends DmAccount>(params: {
  label: string;
  channel: string;
  policyKey?: string;
  allowFromKey?: string;
  policyPath?: string;
  allowFromPath?: string;
  resolveAccount(cfg: ChannelConfig, accountId?: string): Account;
  resolveConfigKeys?(context: DmContext<Account>): { policyKey: string; allowFromKey: string };
  resolveAllowFrom?(context: PatchContext<Account>): string[] | undefined;
  buildPatch?(context: PatchContext<Account>): Record<string, unknown>;
  applyPatch?(context: DmContext<Account> & { patch: Record<string, unknown> }): ChannelConfig;
  promptAllowFrom: PromptAllowFrom;
}) {
  const { channel } = params;
  const policyKey = params.policyPath ?? params.policyKey ?? "dmPolicy";
  const allowFromKey = params.allowFromPath ?? params.allowFromKey ?? "allowFrom";
  const context = (cfg: ChannelConfig, accountId?: string): DmContext<Account> => ({
    cfg,
    account: params.resolveAccount(cfg, accountId),
    ...(accountId === undefined ? {} : { requestedAccountId: accountId }),
  });
  return {
    label: params.label,
    channel,
    policyKey: `channels.${channel}.${policyKey}`,
    allowFromKey: `channels.${channel}.${allowFromKey}`,
    resolveConfigKeys(cfg: ChannelConfig, accountId?: string) {
      const current = context(cfg, accountId);
      const custom = params.resolveConfigKeys?.(current);
      if (custom) return custom;
      const { accountId: id } = current.account;
      const base = `channels.${channel}${id === DEFAULT_ACCOUNT_ID ? "" : `.accounts.${id}`}`;
      return { policyKey: `${base}.${policyKey}`, allowFromKey: `${base}.${allowFromKey}` };
    },
    getCurrent: (cfg: ChannelConfig, accountId?: string) =>
      params.resolveAccount(cfg, accountId).config.dmPolicy ?? "pairing",
    setPolicy(cfg: ChannelConfig, policy: string, accountId?: string): ChannelConfig {
      const current = context(cfg, accountId);
      const patchContext = { ...current, policy };
      const allowFrom =
        params.resolveAllowFrom?.(patchContext) ??
        (policy === "open" ? addWildcardAllowFrom(current.account.config.allowFrom) : undefined);
      const patch = params.buildPatch?.({ ...patchContext, ...(allowFrom ? { allowFrom } : {}) }) ?? {
        [params.policyKey ?? "dmPolicy"]: policy,
        ...(allowFrom ? { [params.allowFromKey ?? "allowFrom"]: allowFrom } : {}),
      };
      if (params.applyPatch) return params.applyPatch({ ...current, patch });
      return patchScopedAccountConfig({
        cfg,
        channelKey: channel,
        accountId: current.account.accountId,
        patch,
      });
    },
    promptAllowFrom: params.promptAllowFrom,
  };
}
