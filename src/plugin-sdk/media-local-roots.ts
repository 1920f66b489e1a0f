export { getAgentScopedMediaLocalRoots } from "./media/outbound-media.ts";
