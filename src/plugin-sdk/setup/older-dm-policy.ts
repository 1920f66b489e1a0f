import type { ChannelConfig } from "../../contracts/channel.ts";
import { DEFAULT_ACCOUNT_ID, normalizeAccountId } from "../accounts/account-ids.ts";
import { asOptionalRecord } from "../values/records.ts";
import { addWildcardAllowFrom } from "./allow-from-edits.ts";
import { channelSection, patchChannelConfigForAccount } from "./config-edits.ts";
import { resolveChannelDmAllowFrom, resolveChannelDmPolicy } from "./dm-aliases.ts";

/**
 * The wizard's question about direct messages for a channel whose older files say `dm.policy`: read from either
 * place, written to the newer one.
 */
export function createLegacyCompatChannelDmPolicy(params: {
  label: string;
  channel: string;
  promptAllowFrom?(params: object): Promise<ChannelConfig>;
}) {
  const { channel } = params;
  const keys = (accountId?: string | null) => {
    const id = normalizeAccountId(accountId);
    const path = id === DEFAULT_ACCOUNT_ID ? `channels.${channel}` : `channels.${channel}.accounts.${id}`;
    return { policyKey: `${path}.dmPolicy`, allowFromKey: `${path}.allowFrom` };
  };
  const settings = (cfg: ChannelConfig, accountId?: string | null) => {
    const parent = channelSection(cfg, channel);
    return {
      parent,
      account: asOptionalRecord(asOptionalRecord(parent["accounts"])?.[normalizeAccountId(accountId)]),
    };
  };
  return {
    ...params,
    ...keys(),
    resolveConfigKeys: (_cfg: ChannelConfig, accountId?: string | null) => keys(accountId),
    getCurrent: (cfg: ChannelConfig, accountId?: string | null) =>
      resolveChannelDmPolicy({ ...settings(cfg, accountId), defaultPolicy: "pairing" }) as string,
    setPolicy: (cfg: ChannelConfig, dmPolicy: string, accountId?: string | null) =>
      patchChannelConfigForAccount({
        cfg,
        channel,
        accountId: normalizeAccountId(accountId),
        patch: {
          dmPolicy,
          // `open` needs the entry `*` beside it.
          ...(dmPolicy === "open"
            ? { allowFrom: addWildcardAllowFrom(resolveChannelDmAllowFrom(settings(cfg, accountId))) }
            : {}),
        },
      }),
  };
}
