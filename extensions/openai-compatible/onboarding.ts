import {
  applyAgentDefaultModelPrimary,
  applyProviderConfigWithModelCatalog,
} from "sluice/plugin-sdk/provider-onboard";
import { COMPLETIONS_API, OPENAI_BASE_URL } from "./endpoints.ts";

type Config = Readonly<Record<string, unknown>>;

export const OPENAI_DEFAULT_MODEL_ID = "gpt-5.5";
/** What a fresh configuration uses when its owner names no model. */
export const OPENAI_DEFAULT_MODEL = `openai/${OPENAI_DEFAULT_MODEL_ID}`;

/** The configuration with the provider `openai` and its default model in it; what is there already stays. */
export function applyOpenAIProviderConfig(config: Config): Config {
  return applyProviderConfigWithModelCatalog(config, {
    providerId: "openai",
    api: COMPLETIONS_API,
    baseUrl: OPENAI_BASE_URL,
    catalogModels: [{ id: OPENAI_DEFAULT_MODEL_ID, name: OPENAI_DEFAULT_MODEL_ID }],
    aliases: [{ modelRef: OPENAI_DEFAULT_MODEL, alias: "GPT" }],
  });
}

/** The same, with that model as the main one of all agents. */
export function applyOpenAIConfig(config: Config): Config {
  return applyAgentDefaultModelPrimary(applyOpenAIProviderConfig(config), OPENAI_DEFAULT_MODEL);
}
