export {
  buildHostedOutboundMediaResponseHeaders,
  createHostedOutboundMediaStore,
} from "./media/hosted-media.ts";
export { getDefaultMediaLocalRoots, loadOutboundMediaFromUrl } from "./media/outbound-media.ts";
