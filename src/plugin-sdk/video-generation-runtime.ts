export { generateVideo, listRuntimeVideoGenerationProviders } from "./providers/generation.ts";
