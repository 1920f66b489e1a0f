import type { ChannelAccountSnapshot } from "../../contracts/channel.ts";
import { DEFAULT_ACCOUNT_ID } from "./account-ids.ts";

export interface AccountSnapshotInput {
  accountId?: string | null;
  enabled?: boolean | null;
  name?: string | null | undefined;
}

/** The public face of an account. `extra` must not hold secrets. */
export function describeAccountSnapshot(params: {
  account: AccountSnapshotInput;
  configured?: boolean | undefined;
  extra?: Record<string, unknown> | undefined;
}): ChannelAccountSnapshot {
  const name = params.account.name?.trim();
  return {
    accountId: params.account.accountId ?? DEFAULT_ACCOUNT_ID,
    ...(name ? { name } : {}),
    enabled: params.account.enabled !== false,
    configured: params.configured ?? false,
    ...params.extra,
  };
}

export function describeWebhookAccountSnapshot(params: {
  account: AccountSnapshotInput;
  configured?: boolean | undefined;
  mode?: string | undefined;
  extra?: Record<string, unknown> | undefined;
}): ChannelAccountSnapshot {
  return describeAccountSnapshot({ ...params, extra: { mode: params.mode ?? "webhook", ...params.extra } });
}
