import type { ChannelConfig } from "sluice/plugin-sdk/channel-contract";

/** The settings of one IRC account, defaults filled in. */
export interface IrcAccount {
  accountId: string;
  enabled: boolean;
  host: string;
  port: number;
  tls: boolean;
  nick: string;
  username: string;
  realname: string;
  password?: string;
  sasl?: { account: string; password: string };
  nickserv?: { service: string; password: string };
  /** Joined on connect, with their keys: `#room` or `#room key`. */
  channels: { name: string; key?: string }[];
  dmPolicy: string;
  allowFrom: string[];
  matchNicks: boolean;
  /** Bytes of text per line. */
  textChunkLimit: number;
  flood: { burst: number; intervalMs: number };
}

export const DEFAULT_ACCOUNT = "default";
export const DEFAULT_LINE_BYTES = 350;
/** What networks commonly tolerate before they disconnect a client. */
export const DEFAULT_FLOOD = { burst: 5, intervalMs: 2_000 };

type Settings = Record<string, unknown>;

export function listAccountIds(cfg: ChannelConfig): string[] {
  const root = section(cfg);
  const named = Object.keys(record(root["accounts"]));
  const ids = text(root["host"]) === undefined ? named : [DEFAULT_ACCOUNT, ...named];
  return [...new Set(ids)];
}

/** Root settings of the channel under those of the account. */
export function resolveAccount(cfg: ChannelConfig, accountId?: string | null): IrcAccount {
  const { accounts, ...root } = section(cfg);
  const id = accountId ?? text(root["defaultAccount"]) ?? DEFAULT_ACCOUNT;
  const settings: Settings = { ...root, ...record(record(accounts)[id]) };
  const host = text(settings["host"]) ?? "";
  const nick = text(settings["nick"]) ?? "sluice";
  const tls = typeof settings["tls"] === "boolean" ? settings["tls"] : !isThisMachine(host);
  const flood = record(settings["flood"]);
  const account: IrcAccount = {
    accountId: id,
    enabled: settings["enabled"] !== false,
    host,
    port: number(settings["port"]) ?? (tls ? 6697 : 6667),
    tls,
    nick,
    username: text(settings["username"]) ?? nick,
    realname: text(settings["realname"]) ?? nick,
    channels: list(settings["channels"]).map(parseChannel),
    dmPolicy: text(settings["dmPolicy"]) ?? "pairing",
    allowFrom: list(settings["allowFrom"]),
    matchNicks: settings["dangerouslyAllowNameMatching"] === true,
    textChunkLimit: number(settings["textChunkLimit"]) ?? DEFAULT_LINE_BYTES,
    flood: {
      burst: number(flood["burst"]) ?? DEFAULT_FLOOD.burst,
      intervalMs: number(flood["intervalMs"]) ?? DEFAULT_FLOOD.intervalMs,
    },
  };
  const password = text(settings["password"]);
  if (password !== undefined) account.password = password;
  const sasl = record(settings["sasl"]);
  const saslPassword = text(sasl["password"]);
  if (saslPassword !== undefined)
    account.sasl = { account: text(sasl["account"]) ?? nick, password: saslPassword };
  const nickserv = record(settings["nickserv"]);
  const nickservPassword = text(nickserv["password"]);
  if (nickservPassword !== undefined) {
    account.nickserv = { service: text(nickserv["service"]) ?? "NickServ", password: nickservPassword };
  }
  return account;
}

/** Why an account cannot be started, or nothing. */
export function unconfiguredReason(account: IrcAccount): string | undefined {
  if (account.host === "") return "channels.irc.host is missing: name the server to connect to";
  if (!/^[^\s:,!@]+$/.test(account.nick)) return `channels.irc.nick "${account.nick}" is not a valid nick`;
  return undefined;
}

function parseChannel(entry: string): { name: string; key?: string } {
  const [name = "", key] = entry.trim().split(/\s+/, 2);
  return key === undefined ? { name } : { name, key };
}

/** A connection that does not leave the machine needs no TLS. */
function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

function section(cfg: ChannelConfig): Settings {
  return record(record(cfg["channels"])["irc"]);
}

function record(value: unknown): Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Settings) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function list(value: unknown): string[] {
  return Array.isArray(value)
    ? value.filter((item) => ["string", "number"].includes(typeof item)).map(String)
    : [];
}
