import type { ChannelConfig } from "../../contracts/channel.ts";

const SLOT = Symbol.for("sluice.plugin-sdk.disk-config");
type Slots = Record<symbol, ChannelConfig | undefined>;

/** The configuration as it was read from its file in a process without a gateway, secrets resolved. */
export function diskConfig(): ChannelConfig | undefined {
  return (globalThis as unknown as Slots)[SLOT];
}

export function keepDiskConfig(config: ChannelConfig): void {
  (globalThis as unknown as Slots)[SLOT] = config;
}
