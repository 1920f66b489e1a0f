import type { ChannelConfig } from "../../contracts/channel.ts";
import type { ProviderAuthMethod } from "../../contracts/provider.ts";
import { readProviderEnvValue } from "../secrets/secret-input.ts";

export interface ApiKeyAuthOptions {
  providerId: string;
  methodId: string;
  label: string;
  hint?: string;
  optionKey: string;
  flagName: string;
  envVar: string;
  promptMessage: string;
  profileId?: string;
  profileIds?: string[];
  defaultModel?: string;
  applyConfig?(config: ChannelConfig): ChannelConfig;
  metadata?: Record<string, unknown>;
  wizard?: object;
  noteMessage?: string;
  noteTitle?: string;
  [extra: string]: unknown;
}

interface AuthContext {
  config: ChannelConfig;
  env?: Readonly<Record<string, string | undefined>>;
  opts?: Record<string, unknown>;
  prompter?: {
    text(params: { message: string; validate?(value: string): string | undefined }): Promise<string>;
    note?(message: string, title?: string): Promise<void>;
  };
}

/** A sign-in method that takes one API key: from the command's option, the environment, or a question (spec 6.5). */
export function createProviderApiKeyAuthMethod(options: ApiKeyAuthOptions): ProviderAuthMethod {
  const profileIds = options.profileIds ?? [options.profileId ?? `${options.providerId}:default`];
  return {
    id: options.methodId,
    label: options.label,
    ...(options.hint === undefined ? {} : { hint: options.hint }),
    kind: "api_key",
    ...(options.wizard ? { wizard: options.wizard } : {}),
    async run(context: AuthContext) {
      const key = await findKey(options, context);
      if (!key) throw new Error(`No API key: pass ${options.flagName} or set ${options.envVar}.`);
      const configPatch = options.applyConfig?.(context.config);
      return {
        profiles: profileIds.map((profileId) => ({
          profileId,
          credential: {
            type: "api_key",
            provider: options.providerId,
            key,
            ...(options.metadata ? { metadata: options.metadata } : {}),
          },
        })),
        ...(configPatch ? { configPatch } : {}),
        ...(options.defaultModel === undefined ? {} : { defaultModel: options.defaultModel }),
      };
    },
  } as ProviderAuthMethod;
}

async function findKey(options: ApiKeyAuthOptions, context: AuthContext): Promise<string | undefined> {
  const given = context.opts?.[options.optionKey];
  if (typeof given === "string" && given.trim() !== "") return given.trim();
  const fromEnv = readProviderEnvValue([options.envVar], (context.env ?? process.env) as NodeJS.ProcessEnv);
  if (fromEnv) return fromEnv;
  if (!context.prompter) return undefined;
  if (options.noteMessage) await context.prompter.note?.(options.noteMessage, options.noteTitle);
  const answer = await context.prompter.text({
    message: options.promptMessage,
    validate: (value) => (value.trim() === "" ? "Required" : undefined),
  });
  return answer.trim();
}
