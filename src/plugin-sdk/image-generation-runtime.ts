export { generateImage, listRuntimeImageGenerationProviders } from "./providers/generation.ts";
