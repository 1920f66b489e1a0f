export {
  buildManifestModelProviderConfig,
  readConfiguredProviderCatalogEntries,
  readManifestProviderDefaultModelRef,
} from "./providers/manifest-catalog.ts";
