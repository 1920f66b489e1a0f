/** The embedding API: a gateway inside another program. */
export { startGateway } from "./gateway/compose.ts";
export type { GatewayOptions, RunningGateway } from "./gateway/gateway-options.ts";
