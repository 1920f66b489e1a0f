import type { ChannelConfig } from "../../contracts/channel.ts";
import { DEFAULT_ACCOUNT_ID, normalizeAccountId } from "../accounts/account-ids.ts";
import { formatErrorMessage } from "../errors/errors.ts";
import { uniqueStrings } from "../values/strings.ts";
import { mergeAllowFromEntries, splitSetupEntries } from "./allow-from-edits.ts";
import type { SetupPrompter } from "./wizard-types.ts";

/** Questions that the set-up of several channels asks. */

const ADD_ACCOUNT = "__new__";

/** One of the accounts, or the id of a new one. */
export async function promptAccountId(params: {
  cfg: ChannelConfig;
  prompter: SetupPrompter;
  label: string;
  currentId?: string;
  listAccountIds(cfg: ChannelConfig): string[];
  defaultAccountId: string;
}): Promise<string> {
  const { prompter, label } = params;
  const known = uniqueStrings([...params.listAccountIds(params.cfg), params.defaultAccountId]);
  const chosen = await prompter.select({
    message: `${label} account`,
    options: [
      ...known.map((id) => ({ value: id, label: id === DEFAULT_ACCOUNT_ID ? `${id} (primary)` : id })),
      { value: ADD_ACCOUNT, label: "Add an account" },
    ],
    initialValue: params.currentId?.trim() || params.defaultAccountId,
  });
  if (chosen !== ADD_ACCOUNT) return normalizeAccountId(chosen);
  const entered = await prompter.text({
    message: `Id of the new ${label} account`,
    validate: (value) => (value.trim() === "" ? "Required" : undefined),
  });
  const id = normalizeAccountId(entered);
  if (id !== entered.trim()) await prompter.note(`The account's id is "${id}".`, `${label} account`);
  return id;
}

export type ChannelAccessPolicy = "allowlist" | "open" | "disabled";

/** Which rooms may talk to the agent; null when that stays as it is. */
export async function promptChannelAccessConfig(params: {
  prompter: SetupPrompter;
  label: string;
  currentPolicy?: ChannelAccessPolicy;
  currentEntries?: string[];
  placeholder?: string;
  allowOpen?: boolean;
  allowDisabled?: boolean;
  /** The entries are asked for elsewhere. */
  skipAllowlistEntries?: boolean;
  defaultPrompt?: boolean;
  /** There are settings already. */
  updatePrompt?: boolean;
}): Promise<{ policy: ChannelAccessPolicy; entries: string[] } | null> {
  const { prompter, label, currentEntries = [] } = params;
  const wanted = await prompter.confirm({
    message: params.updatePrompt ? `Change the access of ${label}?` : `Set the access of ${label}?`,
    initialValue: params.defaultPrompt ?? !params.updatePrompt,
  });
  if (!wanted) return null;
  const options: { value: ChannelAccessPolicy; label: string }[] = [
    { value: "allowlist", label: "Only those in a list (recommended)" },
    ...(params.allowOpen === false ? [] : [{ value: "open" as const, label: "All" }]),
    ...(params.allowDisabled === false ? [] : [{ value: "disabled" as const, label: "None" }]),
  ];
  const policy = await prompter.select({
    message: `Access of ${label}`,
    options,
    initialValue: options.find(({ value }) => value === params.currentPolicy)?.value ?? "allowlist",
  });
  if (policy !== "allowlist" || params.skipAllowlistEntries) return { policy, entries: [] };
  const raw = await prompter.text({
    message: `${label}, divided by commas`,
    ...(params.placeholder === undefined ? {} : { placeholder: params.placeholder }),
    ...(currentEntries.length > 0 ? { initialValue: currentEntries.join(", ") } : {}),
  });
  return { policy, entries: uniqueStrings(splitSetupEntries(raw)) };
}

/** `<@id>`, `user:id` or the id itself; null for anything else. */
export function parseMentionOrPrefixedId(params: {
  value: string;
  mentionPattern: RegExp;
  prefixPattern?: RegExp;
  idPattern: RegExp;
  normalizeId?(id: string): string;
}): string | null {
  const value = params.value.trim();
  const normalize = (id: string) => params.normalizeId?.(id) ?? id;
  const mentioned = params.mentionPattern.exec(value)?.[1];
  if (mentioned) return normalize(mentioned);
  const id = params.prefixPattern ? value.replace(params.prefixPattern, "").trim() : value;
  return id !== "" && params.idPattern.test(id) ? normalize(id) : null;
}

export interface ResolvedSetupEntry {
  input: string;
  resolved: boolean;
  id?: string | null;
}

/** Without a token nothing can be looked up: what stands for each entry then is the caller's. */
export async function resolveEntriesWithOptionalToken<Result>(params: {
  token?: string | null;
  entries: string[];
  buildWithoutToken(input: string): Result;
  resolveEntries(params: { token: string; entries: string[] }): Promise<Result[]>;
}): Promise<Result[]> {
  const token = params.token?.trim();
  return token
    ? params.resolveEntries({ token, entries: params.entries })
    : params.entries.map((entry) => params.buildWithoutToken(entry));
}

/** Asks for people until every entry is known, and adds them to those that are there. */
export async function promptResolvedAllowFrom(params: {
  prompter: Pick<SetupPrompter, "note" | "text">;
  existing: ReadonlyArray<string | number>;
  token?: string | null;
  message: string;
  placeholder: string;
  label: string;
  parseInputs(value: string): string[];
  parseId(value: string): string | null;
  invalidWithoutTokenNote: string;
  resolveEntries(params: { token: string; entries: string[] }): Promise<ResolvedSetupEntry[]>;
}): Promise<string[]> {
  const { prompter, label, existing } = params;
  for (;;) {
    const raw = await prompter.text({
      message: params.message,
      placeholder: params.placeholder,
      ...(existing[0] === undefined ? {} : { initialValue: String(existing[0]) }),
      validate: (value) => (value.trim() === "" ? "Required" : undefined),
    });
    const entries = params.parseInputs(raw);
    const token = params.token?.trim();
    if (!token) {
      const ids = entries.map((entry) => params.parseId(entry));
      if (!ids.includes(null)) return mergeAllowFromEntries(existing, ids as string[]);
      await prompter.note(params.invalidWithoutTokenNote, label);
      continue;
    }
    const found = await params.resolveEntries({ token, entries }).catch(() => undefined);
    if (!found) {
      await prompter.note("They could not be looked up. Try again, or give ids.", label);
      continue;
    }
    const unknown = found.filter(({ resolved, id }) => !resolved || !id).map(({ input }) => input);
    if (unknown.length === 0)
      return mergeAllowFromEntries(
        existing,
        found.map(({ id }) => id as string),
      );
    await prompter.note(`Not found: ${unknown.join(", ")}`, label);
  }
}

/** Tells what a look-up found; says nothing when there is nothing to tell. */
export async function noteChannelLookupSummary(params: {
  prompter: Pick<SetupPrompter, "note">;
  label: string;
  resolvedSections: ReadonlyArray<{ title: string; values: readonly string[] }>;
  unresolved?: readonly string[];
  trailingLines?: readonly string[];
}): Promise<void> {
  const lines = [
    ...params.resolvedSections
      .filter(({ values }) => values.length > 0)
      .map(({ title, values }) => `${title}: ${values.join(", ")}`),
    ...(params.unresolved?.length ? [`Kept as typed, not found: ${params.unresolved.join(", ")}`] : []),
    ...(params.trailingLines ?? []),
  ];
  if (lines.length > 0) await params.prompter.note(lines.join("\n"), params.label);
}

export async function noteChannelLookupFailure(params: {
  prompter: Pick<SetupPrompter, "note">;
  label: string;
  error: unknown;
}): Promise<void> {
  const reason = formatErrorMessage(params.error);
  await params.prompter.note(`The look-up failed; the entries are kept as typed. ${reason}`, params.label);
}
