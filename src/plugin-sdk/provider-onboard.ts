export {
  applyAgentDefaultModelPrimary,
  applyProviderConfigWithModelCatalog,
  createDefaultModelsConnectionPresetAppliers,
  createDefaultModelsPresetAppliers,
  createModelCatalogPresetAppliers,
  withAgentModelAliases,
} from "./providers/onboarding.ts";
