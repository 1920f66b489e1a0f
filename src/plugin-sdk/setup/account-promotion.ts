import type { ChannelConfig } from "../../contracts/channel.ts";
import { DEFAULT_ACCOUNT_ID, normalizeAccountId, resolveAccountKey } from "../accounts/account-ids.ts";
import { asRecordOrEmpty, isRecord } from "../values/records.ts";
import { channelSection, withChannelSection } from "./config-edits.ts";

/** Settings that every account of a channel has for itself. */
const ACCOUNT_FIELDS = new Set([
  "account",
  "accessToken",
  "allowFrom",
  "apiKey",
  "apiUrl",
  "appId",
  "appSecret",
  "appToken",
  "authDir",
  "baseUrl",
  "botToken",
  "cliPath",
  "clientId",
  "clientSecret",
  "code",
  "dbPath",
  "defaultTo",
  "deviceName",
  "dm",
  "dmPolicy",
  "groupAllowFrom",
  "groupPolicy",
  "groups",
  "homeserver",
  "httpHost",
  "httpPort",
  "httpUrl",
  "name",
  "password",
  "phoneNumber",
  "region",
  "serverUrl",
  "service",
  "ship",
  "signingSecret",
  "token",
  "tokenFile",
  "url",
  "userId",
  "username",
  "webhookPath",
  "webhookSecret",
  "webhookUrl",
]);

/** What a channel's setup says about its own settings. */
interface PromotionRules {
  /** Further settings that belong to an account. */
  singleAccountKeysToMove?: readonly string[];
  /** The only ones that move when there are named accounts already. */
  namedAccountPromotionKeys?: readonly string[];
  resolveSingleAccountPromotionTarget?(params: { channel: object }): string | undefined;
}

/**
 * Makes room for a second account: the settings of the only one move from the channel's root below `accounts`.
 * They go to the default account, or, when there are accounts already, to the one that the channel calls its
 * default. Settings that the account has stay; shared ones stay at the root.
 */
export function moveSingleAccountChannelSectionToDefaultAccount(params: {
  cfg: ChannelConfig;
  channelKey: string;
  setupSurface?: PromotionRules | null;
}): ChannelConfig {
  const { cfg, channelKey, setupSurface } = params;
  if (!isRecord(asRecordOrEmpty(cfg["channels"])[channelKey])) return cfg;
  const { accounts: stated, ...root } = channelSection(cfg, channelKey);
  const accounts = asRecordOrEmpty(stated);
  const hasAccounts = Object.keys(accounts).length > 0;
  const own = new Set([...ACCOUNT_FIELDS, ...(setupSurface?.singleAccountKeysToMove ?? [])]);
  const only = hasAccounts ? setupSurface?.namedAccountPromotionKeys : undefined;
  const moves = (field: string) => own.has(field) && (!only || only.includes(field));
  const moved = Object.entries(root).filter(([field, value]) => moves(field) && value !== undefined);
  if (hasAccounts && moved.length === 0) return cfg;
  const target = hasAccounts ? targetOf(root, accounts, setupSurface) : DEFAULT_ACCOUNT_ID;
  const key = resolveAccountKey(accounts, target) ?? target;
  return withChannelSection(cfg, channelKey, {
    ...Object.fromEntries(Object.entries(root).filter(([field]) => !moves(field))),
    accounts: {
      ...accounts,
      [key]: { ...structuredClone(Object.fromEntries(moved)), ...asRecordOrEmpty(accounts[key]) },
    },
  });
}

function targetOf(
  root: Readonly<Record<string, unknown>>,
  accounts: Readonly<Record<string, unknown>>,
  rules: PromotionRules | null | undefined,
): string {
  const chosen = rules?.resolveSingleAccountPromotionTarget?.({ channel: { ...root, accounts } })?.trim();
  if (chosen) return normalizeAccountId(chosen);
  const stated = root["defaultAccount"];
  if (typeof stated === "string" && stated.trim() !== "") {
    const id = normalizeAccountId(stated);
    return resolveAccountKey(accounts, id) === undefined ? DEFAULT_ACCOUNT_ID : id;
  }
  const [first, ...more] = Object.keys(accounts);
  return first !== undefined && more.length === 0 ? normalizeAccountId(first) : DEFAULT_ACCOUNT_ID;
}
