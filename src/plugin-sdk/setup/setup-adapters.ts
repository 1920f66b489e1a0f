import type { ChannelConfig } from "../../contracts/channel.ts";
import { normalizeAccountId } from "../accounts/account-ids.ts";
import { patchScopedAccountConfig, prepareScopedSetupConfig } from "./config-edits.ts";
import { createSetupInputPresenceValidator } from "./wizard.ts";

type Input = Record<string, unknown> & { name?: string };

interface PatchedSetupOptions {
  channelKey: string;
  alwaysUseAccounts?: boolean;
  ensureChannelEnabled?: boolean;
  ensureAccountEnabled?: boolean;
  validateInput?(params: { cfg: ChannelConfig; accountId: string; input: object }): string | null;
  buildPatch(input: Input): Record<string, unknown>;
}

/** A setup adapter that writes one patch per account. */
export function createPatchedAccountSetupAdapter(options: PatchedSetupOptions) {
  const { channelKey, alwaysUseAccounts } = options;
  return {
    resolveAccountId: ({ accountId }: { accountId?: string }) => normalizeAccountId(accountId),
    applyAccountName: (params: { cfg: ChannelConfig; accountId: string; name?: string }) =>
      prepareScopedSetupConfig({
        ...params,
        channelKey,
        ...(alwaysUseAccounts ? { alwaysUseAccounts } : {}),
      }),
    ...(options.validateInput ? { validateInput: options.validateInput } : {}),
    applyAccountConfig: ({
      cfg,
      accountId,
      input,
    }: {
      cfg: ChannelConfig;
      accountId: string;
      input: Input;
    }) =>
      patchScopedAccountConfig({
        cfg: prepareScopedSetupConfig({
          cfg,
          channelKey,
          accountId,
          ...(input.name === undefined ? {} : { name: input.name }),
          ...(alwaysUseAccounts ? { alwaysUseAccounts } : {}),
          migrateBaseName: !alwaysUseAccounts,
        }),
        channelKey,
        accountId,
        patch: options.buildPatch(input),
        ...(options.ensureChannelEnabled === undefined
          ? {}
          : { ensureChannelEnabled: options.ensureChannelEnabled }),
        ...(options.ensureAccountEnabled === undefined
          ? {}
          : { ensureAccountEnabled: options.ensureAccountEnabled }),
        ...(alwaysUseAccounts ? { scopeDefaultToAccounts: true } : {}),
      }),
  };
}

export function createEnvPatchedAccountSetupAdapter(
  options: PatchedSetupOptions & {
    defaultAccountOnlyEnvError: string;
    missingCredentialError: string;
    hasCredentials(input: Input): boolean;
  },
) {
  const { validateInput } = options;
  return createPatchedAccountSetupAdapter({
    ...options,
    validateInput: createSetupInputPresenceValidator({
      defaultAccountOnlyEnvError: options.defaultAccountOnlyEnvError,
      validate: (params) => {
        const input = params.input as Input;
        if (!input["useEnv"] && !options.hasCredentials(input)) return options.missingCredentialError;
        return validateInput?.(params) ?? null;
      },
    }),
  });
}
