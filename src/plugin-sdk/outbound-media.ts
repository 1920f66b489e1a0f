export { getDefaultMediaLocalRoots, loadOutboundMediaFromUrl } from "./media/outbound-media.ts";
