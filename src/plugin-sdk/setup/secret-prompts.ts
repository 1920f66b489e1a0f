import type { ChannelConfig } from "../../contracts/channel.ts";
import type { SecretRef } from "../secrets/secret-input.ts";
import { normalizeSecretInput } from "../secrets/secret-input.ts";
import type { SetupPrompter } from "./wizard-types.ts";

/** Asking for one secret of a channel: kept, taken from the environment, typed in, or named by a reference. */

export interface SecretPromptState {
  accountConfigured: boolean;
  hasConfigToken: boolean;
  /** The secret is in the environment and the configuration has none. */
  canUseEnv: boolean;
}

export function buildSingleChannelSecretPromptState(params: {
  accountConfigured: boolean;
  hasConfigToken: boolean;
  allowEnv: boolean;
  envValue?: string | undefined;
}): SecretPromptState {
  const { accountConfigured, hasConfigToken } = params;
  const canUseEnv = params.allowEnv && Boolean(params.envValue?.trim()) && !hasConfigToken;
  return { accountConfigured, hasConfigToken, canUseEnv };
}

interface SecretQuestion {
  cfg: ChannelConfig;
  prompter: SetupPrompter;
  providerHint: string;
  credentialLabel: string;
  /** Default: the person chooses. */
  secretInputMode?: "plaintext" | "ref" | undefined;
  envPrompt: string;
  keepPrompt: string;
  inputPrompt: string;
  preferredEnvVar?: string;
  env?: Readonly<Record<string, string | undefined>>;
}

export type SecretAnswer =
  | { action: "use-env" }
  | { action: "keep" }
  | { action: "set"; value: string | SecretRef; resolvedValue: string };

const ENV_NAME = /^[A-Z][A-Z0-9_]{0,127}$/;

export async function promptSingleChannelSecretInput(
  params: SecretQuestion & SecretPromptState,
): Promise<SecretAnswer> {
  const { prompter } = params;
  if (params.canUseEnv && (await prompter.confirm({ message: params.envPrompt, initialValue: true }))) {
    return { action: "use-env" };
  }
  if (params.accountConfigured && params.hasConfigToken) {
    if (await prompter.confirm({ message: params.keepPrompt, initialValue: true })) return { action: "keep" };
  }
  if ((params.secretInputMode ?? (await chooseMode(params))) === "ref") return askForReference(params);
  const typed = await prompter.text({
    message: params.inputPrompt,
    sensitive: true,
    validate: (value) => (normalizeSecretInput(value) === "" ? "Required" : undefined),
  });
  const value = normalizeSecretInput(typed);
  return { action: "set", value, resolvedValue: value };
}

function chooseMode(params: SecretQuestion): Promise<"plaintext" | "ref"> {
  return params.prompter.select<"plaintext" | "ref">({
    message: `Where does the ${params.credentialLabel} come from?`,
    options: [
      { value: "plaintext", label: "Type it in", hint: "kept in the configuration file" },
      { value: "ref", label: "An environment variable", hint: "the configuration keeps only its name" },
    ],
    initialValue: "plaintext",
  });
}

async function askForReference(params: SecretQuestion): Promise<SecretAnswer> {
  const env = params.env ?? process.env;
  const readVariable = (name: string) => (ENV_NAME.test(name) ? normalizeSecretInput(env[name]) : "");
  const answer = await params.prompter.text({
    message: `Environment variable with the ${params.credentialLabel}`,
    ...(params.preferredEnvVar ? { initialValue: params.preferredEnvVar } : {}),
    validate: (given) => {
      const name = given.trim();
      if (!ENV_NAME.test(name)) return "Use capital letters, digits and underscores";
      return readVariable(name) === "" ? `${name} is not set in this environment` : undefined;
    },
  });
  const id = answer.trim();
  const resolvedValue = readVariable(id);
  if (resolvedValue === "") throw new Error(`the environment variable ${id} is not set`);
  return { action: "set", value: { source: "env", provider: "default", id }, resolvedValue };
}

/** The whole step: what to ask follows from what there is, and the answer is written. */
export async function runSingleChannelSecretStep(
  params: Omit<SecretQuestion, "cfg"> & {
    cfg: ChannelConfig;
    accountConfigured: boolean;
    hasConfigToken: boolean;
    allowEnv: boolean;
    envValue?: string | undefined;
    onMissingConfigured?(): Promise<void> | void;
    applyUseEnv?(cfg: ChannelConfig): Promise<ChannelConfig> | ChannelConfig;
    applySet?(
      cfg: ChannelConfig,
      value: string | SecretRef,
      resolvedValue: string,
    ): Promise<ChannelConfig> | ChannelConfig;
  },
): Promise<{ cfg: ChannelConfig; action: SecretAnswer["action"]; resolvedValue?: string }> {
  const { cfg } = params;
  if (!params.accountConfigured) await params.onMissingConfigured?.();
  const answer = await promptSingleChannelSecretInput({
    ...params,
    ...buildSingleChannelSecretPromptState(params),
  });
  if (answer.action === "use-env") {
    const resolvedValue = params.envValue?.trim();
    return {
      cfg: (await params.applyUseEnv?.(cfg)) ?? cfg,
      action: "use-env",
      ...(resolvedValue ? { resolvedValue } : {}),
    };
  }
  if (answer.action === "keep") return { cfg, action: "keep" };
  const { value, resolvedValue } = answer;
  return { cfg: (await params.applySet?.(cfg, value, resolvedValue)) ?? cfg, action: "set", resolvedValue };
}
