export { getImageGenerationProvider, listImageGenerationProviders } from "./providers/lookups.ts";
