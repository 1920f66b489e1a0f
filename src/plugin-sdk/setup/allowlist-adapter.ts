import type { ChannelConfig } from "../../contracts/channel.ts";
import { isRecord, type UnknownRecord } from "../values/records.ts";

/** What the `/allowlist` command asks of a channel. */

type Entries = (string | number)[] | null | undefined;
type Scope = "dm" | "group";

interface Context {
  cfg: ChannelConfig;
  accountId?: string | null;
}

export interface AllowlistOverride {
  label: string;
  entries: string[];
}

interface AdapterOptions<Account> {
  channelId: string;
  resolveAccount(context: Context): Account;
  normalize(params: Context & { values: (string | number)[] }): string[];
  resolveDmAllowFrom(account: Account, context: Context): Entries;
  resolveGroupAllowFrom?(account: Account): Entries;
  resolveDmPolicy?(account: Account): string | null | undefined;
  resolveGroupPolicy?(account: Account): string | null | undefined;
  resolveGroupOverrides?(account: Account): AllowlistOverride[] | undefined;
}

type Edit =
  | { kind: "ok"; changed: boolean; pathLabel: string; writeTarget: object }
  | { kind: "invalid-entry" };

function adapter<Account>(
  options: AdapterOptions<Account>,
  paths: Partial<Record<Scope, readonly string[]>>,
) {
  const { channelId } = options;
  return {
    supportsScope: ({ scope }: { scope: Scope | "all" }) =>
      scope === "all" ? Boolean(paths.dm && paths.group) : paths[scope] !== undefined,

    readConfig(context: Context) {
      const account = options.resolveAccount(context);
      const dmPolicy = options.resolveDmPolicy?.(account);
      const groupPolicy = options.resolveGroupPolicy?.(account);
      const groupOverrides = options.resolveGroupOverrides?.(account);
      return {
        dmAllowFrom: (options.resolveDmAllowFrom(account, context) ?? []).map(String),
        ...(paths.group
          ? { groupAllowFrom: (options.resolveGroupAllowFrom?.(account) ?? []).map(String) }
          : {}),
        ...(dmPolicy ? { dmPolicy } : {}),
        ...(groupPolicy ? { groupPolicy } : {}),
        ...(groupOverrides?.length ? { groupOverrides } : {}),
      };
    },

    applyConfigEdit(
      edit: Context & {
        parsedConfig: UnknownRecord;
        scope: Scope;
        action: "add" | "remove";
        entry: string;
      },
    ): Edit | null {
      const path = paths[edit.scope];
      if (!path) return null;
      const normalize = (values: (string | number)[]) =>
        options.normalize({
          cfg: edit.cfg,
          ...(edit.accountId ? { accountId: edit.accountId } : {}),
          values,
        });
      const [entry] = normalize([edit.entry]);
      if (!entry) return { kind: "invalid-entry" };
      const { section, label, writeTarget } = sectionOf(edit.parsedConfig, channelId, edit.accountId);
      const { holder, key } = parentOf(section, path);
      const before = Array.isArray(holder[key]) ? (holder[key] as (string | number)[]) : [];
      const without = before.filter((known) => normalize([known])[0] !== entry);
      const isListed = without.length < before.length;
      const changed = edit.action === "add" ? !isListed : isListed;
      if (changed && edit.action === "add") holder[key] = [...before, entry];
      else if (changed && without.length > 0) holder[key] = without;
      else if (changed) delete holder[key];
      return { kind: "ok", changed, pathLabel: [label, ...path].join("."), writeTarget };
    },
  };
}

/** The part of the configuration that an edit belongs to: the account's, if it has one of its own. */
function sectionOf(config: UnknownRecord, channelId: string, accountId: string | null | undefined) {
  const channel = child(child(config, "channels"), channelId);
  const accounts = channel["accounts"];
  const label = `channels.${channelId}`;
  if (accountId && (accountId !== "default" || (isRecord(accounts) && isRecord(accounts[accountId])))) {
    return {
      section: child(child(channel, "accounts"), accountId),
      label: `${label}.accounts.${accountId}`,
      writeTarget: { kind: "account", scope: { channelId, accountId } },
    };
  }
  return { section: channel, label, writeTarget: { kind: "channel", scope: { channelId } } };
}

function child(parent: UnknownRecord, key: string): UnknownRecord {
  const known = Object.hasOwn(parent, key) ? parent[key] : undefined;
  if (isRecord(known)) return known;
  const made: UnknownRecord = {};
  Object.defineProperty(parent, key, { value: made, enumerable: true, configurable: true, writable: true });
  return made;
}

function parentOf(section: UnknownRecord, path: readonly string[]) {
  const key = path.at(-1) as string;
  return { holder: path.slice(0, -1).reduce(child, section), key };
}

/** Senders of direct messages under `allowFrom`, of groups under `groupAllowFrom`. */
export function buildDmGroupAccountAllowlistAdapter<Account>(options: AdapterOptions<Account>) {
  return adapter(options, { dm: ["allowFrom"], group: ["groupAllowFrom"] });
}

/** Senders of direct messages under `dm.allowFrom`; groups have no list. */
export function buildLegacyDmAccountAllowlistAdapter<Account>(options: AdapterOptions<Account>) {
  return adapter(options, { dm: ["dm", "allowFrom"] });
}

export function createAccountScopedAllowlistNameResolver<Account>(params: {
  resolveAccount(context: Context): Account;
  resolveToken(account: Account): string | null | undefined;
  resolveNames(params: {
    token: string;
    entries: string[];
  }): Promise<{ input: string; resolved: boolean; name?: string | null }[]>;
}) {
  return async ({ entries, ...context }: Context & { scope: Scope; entries: string[] }) => {
    const token = params.resolveToken(params.resolveAccount(context))?.trim();
    return token ? params.resolveNames({ token, entries }) : [];
  };
}

export function createFlatAllowlistOverrideResolver<Account, Entry>(params: {
  resolveRecord(account: Account): Record<string, Entry | undefined> | null | undefined;
  label(key: string, value: Entry): string;
  resolveEntries(value: Entry): Entries;
}): (account: Account) => AllowlistOverride[] {
  return (account) =>
    present(params.resolveRecord(account)).flatMap(([key, value]) =>
      override(params.label(key, value), params.resolveEntries(value)),
    );
}

export function createNestedAllowlistOverrideResolver<Account, Outer, Inner>(params: {
  resolveRecord(account: Account): Record<string, Outer | undefined> | null | undefined;
  outerLabel(key: string, value: Outer): string;
  resolveOuterEntries(value: Outer): Entries;
  resolveChildren(value: Outer): Record<string, Inner | undefined> | null | undefined;
  innerLabel(outerKey: string, innerKey: string, inner: Inner): string;
  resolveInnerEntries(value: Inner): Entries;
}): (account: Account) => AllowlistOverride[] {
  return (account) =>
    present(params.resolveRecord(account)).flatMap(([key, outer]) => [
      ...override(params.outerLabel(key, outer), params.resolveOuterEntries(outer)),
      ...present(params.resolveChildren(outer)).flatMap(([innerKey, inner]) =>
        override(params.innerLabel(key, innerKey, inner), params.resolveInnerEntries(inner)),
      ),
    ]);
}

function present<Value>(record: Record<string, Value | undefined> | null | undefined): [string, Value][] {
  return Object.entries(record ?? {}).filter((pair): pair is [string, Value] => Boolean(pair[1]));
}

function override(label: string, entries: Entries): AllowlistOverride[] {
  const texts = (entries ?? []).map((entry) => String(entry).trim()).filter(Boolean);
  return texts.length > 0 ? [{ label, entries: texts }] : [];
}
