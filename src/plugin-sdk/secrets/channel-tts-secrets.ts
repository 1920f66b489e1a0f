import { isRecord, readPath, type UnknownRecord } from "../values/records.ts";
import {
  type ChannelAccountEntry,
  type ChannelAccountSurface,
  collectSecretInputAssignment,
  type SecretInputAssignment,
} from "./channel-secrets.ts";

/** Secrets of voice providers: `<nestedKey>.tts.providers.<id>.apiKey`, for a channel and its accounts. */
export function collectNestedChannelTtsAssignments(params: {
  channelKey: string;
  nestedKey: string;
  /** The block that holds `providers`; default `tts`. */
  providerBlockKey?: string;
  ownerId?(given: { accountId: string; providerId: string }): string;
  channel: UnknownRecord;
  surface: ChannelAccountSurface;
  defaults?: SecretInputAssignment["defaults"];
  context: SecretInputAssignment["context"];
  topLevelActive: boolean;
  topInactiveReason: string;
  accountActive(entry: ChannelAccountEntry): boolean;
  accountInactiveReason: string | ((entry: ChannelAccountEntry) => string);
}): void {
  const { channelKey, nestedKey, providerBlockKey = "tts", accountInactiveReason: reason } = params;
  const collect = (
    owner: UnknownRecord,
    base: string,
    active: boolean,
    inactiveReason: string,
    accountId: string,
  ) => {
    const providers = readPath(owner, [nestedKey, providerBlockKey, "providers"]);
    if (!isRecord(providers)) return;
    for (const [providerId, provider] of Object.entries(providers)) {
      if (!isRecord(provider)) continue;
      collectSecretInputAssignment({
        value: provider["apiKey"],
        path: `${base}.${nestedKey}.${providerBlockKey}.providers.${providerId}.apiKey`,
        expected: "string",
        defaults: params.defaults,
        context: params.context,
        active,
        inactiveReason,
        owner: {
          ownerKind: "account",
          ownerId: params.ownerId?.({ accountId, providerId }) ?? `${channelKey}:${accountId}`,
        },
        apply: (value) => {
          provider["apiKey"] = value;
        },
      });
    }
  };
  const base = `channels.${channelKey}`;
  collect(params.channel, base, params.topLevelActive, params.topInactiveReason, "default");
  if (!params.surface.hasExplicitAccounts) return;
  for (const entry of params.surface.accounts) {
    const why = typeof reason === "function" ? reason(entry) : reason;
    collect(
      entry.account,
      `${base}.accounts.${entry.accountId}`,
      params.accountActive(entry),
      why,
      entry.accountId,
    );
  }
}
