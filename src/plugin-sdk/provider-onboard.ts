export {
  applyAgentDefaultModelPrimary,
  applyProviderConfigWithModelCatalog,
  createModelCatalogPresetAppliers,
  withAgentModelAliases,
} from "./providers/onboarding.ts";
