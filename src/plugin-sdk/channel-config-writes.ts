import type { ChannelConfig } from "../contracts/channel.ts";
import { resolveNormalizedAccountEntry } from "./accounts/account-ids.ts";
import { asRecordOrEmpty, readPath } from "./values/records.ts";

/** Whether messages of a channel may change the configuration: account, channel, default; yes unless refused. */
export function resolveChannelConfigWrites(params: {
  cfg: ChannelConfig;
  channelId?: string | null;
  accountId?: string | null;
}): boolean {
  const section = asRecordOrEmpty(readPath(params.cfg, ["channels", params.channelId ?? ""]));
  const accounts = asRecordOrEmpty(section["accounts"]);
  const account = params.accountId ? resolveNormalizedAccountEntry(accounts, params.accountId) : undefined;
  const layers = [account, section, readPath(params.cfg, ["channels", "defaults"])];
  const stated = layers.map((layer) => asRecordOrEmpty(layer)["configWrites"]);
  return stated.find((value) => typeof value === "boolean") !== false;
}
