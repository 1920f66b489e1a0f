import type { ChannelConfig } from "../../contracts/channel.ts";
import { createTopLevelChannelDmPolicySetter } from "./allow-from-edits.ts";
import { patchChannelConfigForAccount } from "./config-edits.ts";

/** Setup wizards whose heavy part is loaded when someone sets the channel up. */

// A wizard is a bag of steps; only the wizard that is loaded knows their types.
type Steps = Record<string, unknown>;
type Step = (...args: unknown[]) => unknown;

const step = (steps: unknown, name: string) => (steps as Steps | undefined)?.[name] as Step | undefined;

const STATUS_STEPS = [
  "resolveConfigured",
  "resolveStatusLines",
  "resolveSelectionHint",
  "resolveQuickstartScore",
] as const;

/** A wizard that knows its wording and leaves every question about the configuration to the loaded one. */
export function createDelegatedSetupWizardProxy<Wizard extends object = Steps>(params: {
  channel: string;
  loadWizard(): Promise<Wizard>;
  status: object;
  credentials?: unknown[];
  delegatePrepare?: boolean;
  delegateFinalize?: boolean;
  [given: string]: unknown;
}): Steps {
  const {
    channel,
    loadWizard,
    status,
    credentials = [],
    delegatePrepare,
    delegateFinalize,
    ...given
  } = params;
  const delegate =
    (name: string): Step =>
    async (...args) =>
      step(await loadWizard(), name)?.(...args);
  const statusStep =
    (name: string): Step =>
    async (...args) =>
      step(((await loadWizard()) as Steps)["status"], name)?.(...args);
  return {
    channel,
    credentials,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    status: { ...status, ...Object.fromEntries(STATUS_STEPS.map((name) => [name, statusStep(name)])) },
    ...(delegatePrepare ? { prepare: delegate("prepare") } : {}),
    ...(delegateFinalize ? { finalize: delegate("finalize") } : {}),
  };
}

/** The same for allow lists: the base is made at once, its questions go to the wizard that is loaded. */
export function createAllowlistSetupWizardProxy<Resolved, Wizard>(params: {
  loadWizard(): Promise<object>;
  createBase(handlers: {
    promptAllowFrom(input: { cfg: ChannelConfig; [extra: string]: unknown }): Promise<ChannelConfig>;
    resolveAllowFromEntries(input: { entries: string[]; [extra: string]: unknown }): Promise<unknown[]>;
    resolveGroupAllowlist(input: { entries: string[]; [extra: string]: unknown }): Promise<Resolved>;
  }): Wizard;
  fallbackResolvedGroupAllowlist(entries: string[]): Resolved;
}): Wizard {
  const part = async (name: string) => ((await params.loadWizard()) as Steps)[name];
  return params.createBase({
    async promptAllowFrom(input) {
      const prompt = step(await part("dmPolicy"), "promptAllowFrom");
      return prompt ? ((await prompt(input)) as ChannelConfig) : input.cfg;
    },
    async resolveAllowFromEntries(input) {
      const resolve = step(await part("allowFrom"), "resolveEntries");
      if (resolve) return (await resolve(input)) as unknown[];
      return input.entries.map((entry) => ({ input: entry, resolved: false, id: null }));
    },
    async resolveGroupAllowlist(input) {
      const resolve = step(await part("groupAccess"), "resolveAllowlist");
      return resolve
        ? ((await resolve(input)) as Resolved)
        : params.fallbackResolvedGroupAllowlist(input.entries);
    },
  });
}

/** `dmPolicy` and `allowFrom` right in the channel's section. */
export function createTopLevelChannelDmPolicy(params: {
  label: string;
  channel: string;
  policyKey: string;
  allowFromKey: string;
  getCurrent(cfg: ChannelConfig): string;
  promptAllowFrom?(params: object): Promise<ChannelConfig>;
  getAllowFrom?(cfg: ChannelConfig): (string | number)[] | undefined;
}) {
  const { getAllowFrom, ...policy } = params;
  return {
    ...policy,
    setPolicy: createTopLevelChannelDmPolicySetter({
      channel: params.channel,
      ...(getAllowFrom ? { getAllowFrom } : {}),
    }),
  };
}

/** The question which groups a bot may be used in, kept with the account. */
export function createAccountScopedGroupAccessSection<Resolved>(params: {
  channel: string;
  label: string;
  placeholder: string;
  helpTitle?: string;
  helpLines?: string[];
  skipAllowlistEntries?: boolean;
  currentPolicy(context: AccountContext): string;
  currentEntries(context: AccountContext): string[];
  updatePrompt(context: AccountContext): boolean;
  resolveAllowlist?(
    input: AccountContext & { entries: string[]; [extra: string]: unknown },
  ): Promise<Resolved>;
  fallbackResolved(entries: string[]): Resolved;
  applyAllowlist(input: AccountContext & { resolved: Resolved }): ChannelConfig;
}) {
  const { channel, fallbackResolved, resolveAllowlist, ...section } = params;
  return {
    ...section,
    setPolicy: ({ cfg, accountId, policy }: AccountContext & { policy: string }) =>
      patchChannelConfigForAccount({
        cfg,
        channel,
        accountId,
        patch: { groupPolicy: policy },
      }),
    async resolveAllowlist(input: AccountContext & { entries: string[]; [extra: string]: unknown }) {
      return resolveAllowlist ? resolveAllowlist(input) : fallbackResolved(input.entries);
    },
    applyAllowlist: ({ cfg, accountId, resolved }: AccountContext & { resolved: unknown }) =>
      params.applyAllowlist({ cfg, accountId, resolved: resolved as Resolved }),
  };
}

interface AccountContext {
  cfg: ChannelConfig;
  accountId: string;
}
