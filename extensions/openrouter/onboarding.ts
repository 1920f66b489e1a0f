import {
  applyAgentDefaultModelPrimary,
  applyProviderConfigWithModelCatalog,
} from "sluice/plugin-sdk/provider-onboard";
import { OPENROUTER_API, OPENROUTER_BASE_URL } from "./provider.ts";

type Config = Readonly<Record<string, unknown>>;

const AUTO = "auto";
/** Lets OpenRouter choose the model of each request. */
export const OPENROUTER_DEFAULT_MODEL_REF = `openrouter/${AUTO}`;

/** The configuration with the provider `openrouter` in it; what is there already stays. */
export function applyOpenrouterProviderConfig(config: Config): Config {
  return applyProviderConfigWithModelCatalog(config, {
    providerId: "openrouter",
    api: OPENROUTER_API,
    baseUrl: OPENROUTER_BASE_URL,
    catalogModels: [{ id: AUTO, name: "OpenRouter Auto" }],
    aliases: [{ modelRef: OPENROUTER_DEFAULT_MODEL_REF, alias: "OpenRouter" }],
  });
}

/** The same, with `openrouter/auto` as the main model of all agents. */
export function applyOpenrouterConfig(config: Config): Config {
  return applyAgentDefaultModelPrimary(applyOpenrouterProviderConfig(config), OPENROUTER_DEFAULT_MODEL_REF);
}
