export { loadOutboundMediaFromUrl } from "./media/outbound-media.ts";
