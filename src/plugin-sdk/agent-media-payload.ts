export { buildAgentMediaPayload } from "./inbound/media.ts";
