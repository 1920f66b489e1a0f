import { hostname } from "node:os";
import type { GatewayDiscoveryContext } from "../contracts/registrations.ts";
import type { SluiceConfig } from "../runtime/config/index.ts";
import { isLoopback } from "./connection/address.ts";

type DiscoverySection = { mdns?: { mode?: string } } | undefined;

/** Whether plugins may announce the gateway on the local network (`discovery.mdns.mode`, spec 9.1). */
export function isDiscoverable(config: SluiceConfig): boolean {
  return (config["discovery"] as DiscoverySection)?.mdns?.mode !== "off";
}

/** What an announcement may say: hints for routing, no secrets. */
export function discoveryFacts(
  config: SluiceConfig,
  listening: { host: string; port: number },
): GatewayDiscoveryContext {
  return {
    machineDisplayName: hostname(),
    gatewayPort: listening.port,
    gatewayTlsEnabled: false,
    gatewayDirectReachable: !isLoopback(listening.host),
    minimal: (config["discovery"] as DiscoverySection)?.mdns?.mode !== "full",
  };
}
