import type { ChannelConfig } from "../../contracts/channel.ts";
import { DEFAULT_ACCOUNT_ID } from "../accounts/account-ids.ts";
import { asRecordOrEmpty, withoutUndefined } from "../values/records.ts";
import { normalizeOptionalString } from "../values/strings.ts";
import { splitSetupEntries } from "./allow-from-edits.ts";
import { patchScopedAccountConfig } from "./config-edits.ts";

/** Parts of a channel's setup wizard, as data with functions. */

interface AccountParams {
  cfg: ChannelConfig;
  accountId: string;
}

export interface StatusParams {
  cfg: ChannelConfig;
  accountId?: string;
}

const WORD_BREAK = /([a-z0-9])([A-Z])/g;

/**
 * Texts of the wizard by key. The last part of a key becomes a sentence ("nickPrompt" → "Nick prompt"),
 * followed by the parameters it was given.
 */
export function createSetupTranslator(options: { locale?: string; keyPrefix?: string } = {}) {
  return (key: string, params: Readonly<Record<string, unknown>> = {}): string => {
    const full = options.keyPrefix ? `${options.keyPrefix}.${key}` : key;
    const last = full.split(".").at(-1) ?? full;
    const words = last.replace(WORD_BREAK, "$1 $2").toLowerCase();
    const sentence = words.charAt(0).toUpperCase() + words.slice(1);
    const values = Object.values(params).filter((value) => value !== undefined && value !== "");
    return values.length > 0 ? `${sentence}: ${values.map(String).join(", ")}` : sentence;
  };
}

const DOCS_ROOT = "https://docs.openclaw.ai";

/** The documentation address of a path; the contract's own documentation is the reference for plugins. */
export function formatDocsLink(
  path: string | undefined | null,
  label?: string,
  options: { fallback?: string; force?: boolean } = {},
): string {
  const trimmed = path?.trim();
  if (!trimmed) return options.fallback ?? label ?? DOCS_ROOT;
  return /^https?:\/\//i.test(trimmed) ? trimmed : `${DOCS_ROOT}/${trimmed.replace(/^\/+/, "")}`;
}

/** What of a list of typed names was found; `undefined` when nothing was typed. */
export function formatResolvedUnresolvedNote(params: {
  resolved: readonly string[];
  unresolved: readonly string[];
}): string | undefined {
  const { resolved, unresolved } = params;
  const lines = [
    ...(resolved.length > 0 ? [`Found: ${resolved.join(", ")}`] : []),
    ...(unresolved.length > 0 ? [`Not found, kept as typed: ${unresolved.join(", ")}`] : []),
  ];
  return lines.length > 0 ? lines.join("\n") : undefined;
}

export function formatCliCommand(command: string): string {
  return command.replace(/^openclaw\b/, "sluice");
}

export function createStandardChannelSetupStatus(params: {
  channelLabel: string;
  configuredLabel: string;
  unconfiguredLabel: string;
  configuredHint?: string;
  unconfiguredHint?: string;
  configuredScore?: number;
  unconfiguredScore?: number;
  includeStatusLine?: boolean;
  resolveConfigured(params: StatusParams): boolean | Promise<boolean>;
  resolveExtraStatusLines?(params: StatusParams & { configured: boolean }): string[] | Promise<string[]>;
}) {
  const { channelLabel, includeStatusLine, resolveExtraStatusLines, ...status } = params;
  return {
    ...status,
    ...(includeStatusLine || resolveExtraStatusLines
      ? {
          resolveStatusLines: async (context: StatusParams & { configured: boolean }) => {
            const label = context.configured ? params.configuredLabel : params.unconfiguredLabel;
            const extra = (await resolveExtraStatusLines?.(context)) ?? [];
            return includeStatusLine ? [`${channelLabel}: ${label}`, ...extra] : extra;
          },
        }
      : {}),
    resolveSelectionHint: ({ configured }: { configured: boolean }) =>
      configured ? params.configuredHint : params.unconfiguredHint,
    resolveQuickstartScore: ({ configured }: { configured: boolean }) =>
      configured ? params.configuredScore : params.unconfiguredScore,
  };
}

export function createAllowFromSection(params: {
  helpTitle?: string;
  helpLines?: string[];
  credentialInputKey?: string;
  message: string;
  placeholder: string;
  invalidWithoutCredentialNote: string;
  parseInputs?(raw: string): string[];
  parseId(raw: string): string | null;
  resolveEntries?(params: {
    cfg: ChannelConfig;
    accountId: string;
    credentialValues: object;
    entries: string[];
  }): Promise<{ input: string; resolved: boolean; id: string | null }[]>;
  apply(params: AccountParams & { allowFrom: string[] }): ChannelConfig | Promise<ChannelConfig>;
}) {
  return withoutUndefined({
    ...params,
    parseInputs: params.parseInputs ?? splitSetupEntries,
    resolveEntries:
      params.resolveEntries ??
      (async ({ entries }: { entries: string[] }) =>
        entries.map((input) => {
          const id = params.parseId(input);
          return { input, resolved: id !== null, id };
        })),
  });
}

export function createAccountScopedAllowFromSection(
  params: Omit<Parameters<typeof createAllowFromSection>[0], "apply"> & { channel: string },
) {
  const { channel, ...section } = params;
  return createAllowFromSection({
    ...section,
    apply: ({ cfg, accountId, allowFrom }) =>
      patchScopedAccountConfig({
        cfg,
        channelKey: channel,
        accountId,
        patch: { dmPolicy: "allowlist", allowFrom },
      }),
  });
}

interface PresenceRequirement {
  someOf: readonly string[];
  message: string;
}

/** Checks that something of each list was given, unless the values come from the environment. */
export function createSetupInputPresenceValidator(params: {
  defaultAccountOnlyEnvError?: string;
  whenNotUseEnv?: readonly PresenceRequirement[];
  validate?(params: AccountParams & { input: Record<string, unknown> }): string | null;
}) {
  return (context: AccountParams & { input: object }): string | null => {
    const input = context.input as Record<string, unknown>;
    if (input["useEnv"] && params.defaultAccountOnlyEnvError && context.accountId !== DEFAULT_ACCOUNT_ID) {
      return params.defaultAccountOnlyEnvError;
    }
    if (!input["useEnv"]) {
      const missing = params.whenNotUseEnv?.find(({ someOf }) => !someOf.some((key) => isGiven(input[key])));
      if (missing) return missing.message;
    }
    return params.validate?.({ ...context, input }) ?? null;
  };
}

function isGiven(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === "string" ? value.trim() !== "" : value !== undefined && value !== null;
}

interface CredentialAccount {
  config: object;
}

/** One secret (token, password) that the wizard asks for and writes to `configKey`. */
export function defineTokenCredential<Account extends CredentialAccount>(params: {
  inputKey: string;
  configKey: string;
  configuredFields?: readonly string[];
  resolveAccount(params: AccountParams): Account;
  accountConfigured?(account: Account): boolean;
  hasConfiguredValue?(account: Account): boolean;
  resolvedValue?(account: Account): string | undefined;
  envValue?(params: { accountId: string }): string | undefined;
  patchAccount?(
    params: AccountParams & {
      account: Account;
      patch: Record<string, unknown>;
      clearFields?: readonly string[];
    },
  ): ChannelConfig | Promise<ChannelConfig>;
  set?: { clearFields?: readonly string[]; value?: "input" | "resolved" };
  useEnv?: { clearFields?: readonly string[]; patch?(account: Account): Record<string, unknown> };
  [member: string]: unknown;
}) {
  const {
    configKey,
    configuredFields,
    resolveAccount,
    accountConfigured,
    hasConfiguredValue,
    resolvedValue,
    envValue,
    patchAccount,
    set,
    useEnv,
    ...credential
  } = params;
  const fields = configuredFields ?? [configKey];
  const hasValue = (account: Account) =>
    hasConfiguredValue?.(account) ?? fields.some((field) => isGiven(asRecordOrEmpty(account.config)[field]));
  const write = (
    context: AccountParams,
    patch: Record<string, unknown>,
    clearFields: readonly string[] | undefined,
  ) => {
    const account = resolveAccount(context);
    if (!patchAccount) throw new Error(`the setup of "${params.inputKey}" has no way to write its account`);
    return patchAccount({ ...context, account, patch, ...(clearFields ? { clearFields } : {}) });
  };
  return {
    ...credential,
    inspect(context: AccountParams) {
      const account = resolveAccount(context);
      const configured = hasValue(account);
      const resolved =
        resolvedValue?.(account) ?? normalizeOptionalString(asRecordOrEmpty(account.config)[configKey]);
      const env = envValue?.({ accountId: context.accountId });
      return withoutUndefined({
        accountConfigured: accountConfigured?.(account) ?? configured,
        hasConfiguredValue: configured,
        resolvedValue: resolved,
        envValue: env,
      });
    },
    applyUseEnv: (context: AccountParams) =>
      write(context, useEnv?.patch?.(resolveAccount(context)) ?? {}, useEnv?.clearFields ?? fields),
    applySet: (context: AccountParams & { value: unknown; resolvedValue: string }) =>
      write(
        context,
        { [configKey]: set?.value === "resolved" ? context.resolvedValue : context.value },
        set?.clearFields,
      ),
  };
}

export function baseUrlTextInput<Account>(params: {
  inputKey: string;
  configKey: string;
  resolveAccount(params: AccountParams): Account;
  currentValue(account: Account): string | undefined;
  includeInitialValue?: boolean;
  validate(value: string): string | undefined;
  normalize(value: string): string;
  patchAccount(
    params: AccountParams & { patch: Record<string, unknown> },
  ): ChannelConfig | Promise<ChannelConfig>;
  [member: string]: unknown;
}) {
  const {
    configKey,
    resolveAccount,
    includeInitialValue,
    normalize,
    patchAccount,
    validate,
    currentValue,
    ...input
  } = params;
  const current = (context: AccountParams) => currentValue(resolveAccount(context));
  return {
    ...input,
    currentValue: current,
    ...(includeInitialValue ? { initialValue: current } : {}),
    validate: ({ value }: { value: string }) => validate(value),
    normalizeValue: ({ value }: { value: string }) => normalize(value),
    applySet: ({ cfg, accountId, value }: AccountParams & { value: string }) =>
      patchAccount({ cfg, accountId, patch: { [configKey]: value } }),
  };
}

export function createCliPathTextInput(params: {
  inputKey: string;
  message: string;
  resolvePath(params: AccountParams): string | undefined;
  shouldPrompt(params: object): boolean | Promise<boolean>;
  helpTitle?: string;
  helpLines?: string[];
}) {
  const { resolvePath, ...input } = params;
  return {
    ...withoutUndefined(input),
    currentValue: resolvePath,
    initialValue: resolvePath,
    confirmCurrentValue: false,
    applyCurrentValue: true,
  };
}

interface WizardShape {
  textInputs?: { inputKey: string; shouldPrompt?(context: object): boolean | Promise<boolean> }[];
  [member: string]: unknown;
}

export function createDelegatedTextInputShouldPrompt(params: {
  loadWizard(): Promise<WizardShape>;
  inputKey: string;
}) {
  return async (context: object): Promise<boolean> => {
    const wizard = await params.loadWizard();
    const input = wizard.textInputs?.find(({ inputKey }) => inputKey === params.inputKey);
    return (await input?.shouldPrompt?.(context)) ?? false;
  };
}
