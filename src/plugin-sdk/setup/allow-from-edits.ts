import type { ChannelConfig } from "../../contracts/channel.ts";
import { normalizeAccountId } from "../accounts/account-ids.ts";
import { normalizeStringEntries, uniqueStrings } from "../values/strings.ts";
import {
  channelSection,
  patchChannelConfigForAccount,
  patchTopLevelChannelConfigSection,
} from "./config-edits.ts";
import type { SetupPrompter } from "./wizard-types.ts";

type Entries = ReadonlyArray<string | number> | null | undefined;

export interface ParsedAllowFrom {
  entries: string[];
  error?: string;
}

export function mergeAllowFromEntries(current: Entries, additions: ReadonlyArray<string | number>): string[] {
  return uniqueStrings(normalizeStringEntries([...(current ?? []), ...additions]));
}

export function addWildcardAllowFrom(allowFrom?: Entries): string[] {
  return mergeAllowFromEntries(allowFrom, ["*"]);
}

/** Entries divided by commas, semicolons or line breaks. */
export function splitSetupEntries(raw: string): string[] {
  return normalizeStringEntries(raw.split(/[\n,;]+/));
}

type ParsedEntry = { value: string } | { error: string };

export function parseSetupEntriesWithParser(
  raw: string,
  parseEntry: (entry: string) => ParsedEntry,
): ParsedAllowFrom {
  const entries: string[] = [];
  for (const part of splitSetupEntries(raw)) {
    const parsed = parseEntry(part);
    if ("error" in parsed) return { entries: [], error: parsed.error };
    entries.push(parsed.value);
  }
  return { entries: uniqueStrings(entries) };
}

export function parseSetupEntriesAllowingWildcard(
  raw: string,
  parseEntry: (entry: string) => ParsedEntry,
): ParsedAllowFrom {
  return parseSetupEntriesWithParser(raw, (entry) => (entry === "*" ? { value: "*" } : parseEntry(entry)));
}

export function normalizeAllowFromEntries(
  entries: ReadonlyArray<string | number>,
  normalizeEntry?: (value: string) => string | null | undefined,
): string[] {
  const list = normalizeStringEntries(entries).map((entry) =>
    entry === "*" ? entry : (normalizeEntry ? normalizeEntry(entry) : entry) || "",
  );
  return uniqueStrings(list.filter(Boolean));
}

export function createTopLevelChannelAllowFromSetter(params: { channel: string; enabled?: boolean }) {
  return (cfg: ChannelConfig, allowFrom: string[]): ChannelConfig =>
    patchTopLevelChannelConfigSection({ cfg, ...params, patch: { allowFrom } });
}

export function createTopLevelChannelGroupPolicySetter(params: { channel: string; enabled?: boolean }) {
  return (cfg: ChannelConfig, groupPolicy: string): ChannelConfig =>
    patchTopLevelChannelConfigSection({ cfg, ...params, patch: { groupPolicy } });
}

/** `open` needs the entry `*` beside it. */
export function setTopLevelChannelDmPolicyWithAllowFrom(params: {
  cfg: ChannelConfig;
  channel: string;
  dmPolicy: string;
  getAllowFrom?(cfg: ChannelConfig): Entries;
}): ChannelConfig {
  const { cfg, channel, dmPolicy } = params;
  const current = params.getAllowFrom?.(cfg) ?? (channelSection(cfg, channel)["allowFrom"] as Entries);
  return patchTopLevelChannelConfigSection({
    cfg,
    channel,
    patch: { dmPolicy, ...(dmPolicy === "open" ? { allowFrom: addWildcardAllowFrom(current) } : {}) },
  });
}

export function createTopLevelChannelDmPolicySetter(params: {
  channel: string;
  getAllowFrom?(cfg: ChannelConfig): Entries;
}) {
  return (cfg: ChannelConfig, dmPolicy: string): ChannelConfig =>
    setTopLevelChannelDmPolicyWithAllowFrom({ ...params, cfg, dmPolicy });
}

export function setAccountAllowFromForChannel(params: {
  cfg: ChannelConfig;
  channel: string;
  accountId: string;
  allowFrom: string[];
}): ChannelConfig {
  return patchChannelConfigForAccount({
    ...params,
    patch: { dmPolicy: "allowlist", allowFrom: params.allowFrom },
  });
}

export function resolveSetupAccountId(params: {
  accountId?: string | undefined;
  defaultAccountId: string;
}): string {
  return params.accountId?.trim() ? normalizeAccountId(params.accountId) : params.defaultAccountId;
}

export interface PromptAllowFromOptions {
  noteTitle?: string;
  noteLines?: string[];
  message: string;
  placeholder: string;
  parseEntries(raw: string): ParsedAllowFrom;
  getExistingAllowFrom(params: { cfg: ChannelConfig; accountId: string }): Array<string | number>;
  mergeEntries?(params: { existing: Array<string | number>; parsed: string[] }): string[];
  applyAllowFrom(params: {
    cfg: ChannelConfig;
    accountId: string;
    allowFrom: string[];
  }): ChannelConfig | Promise<ChannelConfig>;
}

/** Asks until the entries parse, merges them with what is there and writes them. */
export async function promptParsedAllowFromForAccount(
  params: PromptAllowFromOptions & {
    cfg: ChannelConfig;
    accountId?: string | undefined;
    defaultAccountId: string;
    prompter: Pick<SetupPrompter, "note" | "text">;
  },
): Promise<ChannelConfig> {
  const { cfg, prompter } = params;
  const accountId = resolveSetupAccountId(params);
  const existing = params.getExistingAllowFrom({ cfg, accountId });
  if (params.noteLines?.length) await prompter.note(params.noteLines.join("\n"), params.noteTitle);
  const raw = await prompter.text({
    message: params.message,
    placeholder: params.placeholder,
    ...(existing[0] === undefined ? {} : { initialValue: String(existing[0]) }),
    validate: (value) => {
      if (!String(value ?? "").trim()) return "Required";
      return params.parseEntries(String(value)).error;
    },
  });
  const parsed = params.parseEntries(String(raw)).entries;
  const allowFrom = params.mergeEntries?.({ existing, parsed }) ?? mergeAllowFromEntries(existing, parsed);
  return await params.applyAllowFrom({ cfg, accountId, allowFrom });
}

export function createPromptParsedAllowFromForAccount(
  params: PromptAllowFromOptions & { defaultAccountId: string | ((cfg: ChannelConfig) => string) },
) {
  return (context: { cfg: ChannelConfig; prompter: SetupPrompter; accountId?: string }) => {
    const { defaultAccountId, ...options } = params;
    return promptParsedAllowFromForAccount({
      ...options,
      ...context,
      defaultAccountId:
        typeof defaultAccountId === "function" ? defaultAccountId(context.cfg) : defaultAccountId,
    });
  };
}

export function createTopLevelChannelParsedAllowFromPrompt(
  params: Omit<PromptAllowFromOptions, "getExistingAllowFrom" | "applyAllowFrom"> & {
    channel: string;
    defaultAccountId: string | ((cfg: ChannelConfig) => string);
    enabled?: boolean;
    getExistingAllowFrom?(cfg: ChannelConfig): Array<string | number>;
  },
) {
  const { channel, enabled, getExistingAllowFrom, ...options } = params;
  const write = createTopLevelChannelAllowFromSetter({
    channel,
    ...(enabled === undefined ? {} : { enabled }),
  });
  const read = (cfg: ChannelConfig) =>
    getExistingAllowFrom?.(cfg) ??
    (channelSection(cfg, channel)["allowFrom"] as Array<string | number>) ??
    [];
  return createPromptParsedAllowFromForAccount({
    ...options,
    getExistingAllowFrom: ({ cfg }) => read(cfg),
    applyAllowFrom: ({ cfg, allowFrom }) => write(cfg, allowFrom),
  });
}
