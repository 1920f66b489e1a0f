export {
  applyOpenrouterConfig,
  applyOpenrouterProviderConfig,
  OPENROUTER_DEFAULT_MODEL_REF,
} from "./onboarding.ts";
export { buildOpenrouterProvider, OPENROUTER_BASE_URL } from "./provider.ts";
