export {
  applyModelCompatPatch,
  buildOpenAICompatibleReplayPolicy,
  buildProviderReplayFamilyHooks,
} from "./providers/families.ts";
export { normalizeProviderId } from "./providers/manifest-catalog.ts";
