import type { ChannelConfig } from "../contracts/channel.ts";
import { currentHost, requireHost } from "./ambient/host.ts";
import { diskConfig } from "./facades/disk-config.ts";

/**
 * The running gateway's configuration, secrets resolved. In a process without a gateway the one in the file,
 * as it was when a public file of a plugin was last loaded through `facade-runtime`.
 */
export function getRuntimeConfig(): ChannelConfig {
  const file = currentHost() ? undefined : diskConfig();
  if (file) return file;
  return requireHost("getRuntimeConfig").runtime.config.current() as ChannelConfig;
}

export function getRuntimeConfigSnapshot(): ChannelConfig | null {
  return (currentHost()?.runtime.config.current() as ChannelConfig | undefined) ?? null;
}

/** The configuration as written, secrets still references; `null` while no gateway runs. */
export function getRuntimeConfigSourceSnapshot(): ChannelConfig | null {
  return currentHost()?.services?.config().source ?? null;
}

/** Reads the running configuration, or the one given while no gateway runs. */
export function createRuntimeConfigReader(fallback: ChannelConfig): () => ChannelConfig {
  return () => getRuntimeConfigSnapshot() ?? fallback;
}

/** Which of several configurations holds the credentials to use (spec 4.1). */
export function selectApplicableRuntimeConfig(params: {
  inputConfig?: ChannelConfig;
  runtimeConfig?: ChannelConfig | null;
  runtimeSourceConfig?: ChannelConfig | null;
}): ChannelConfig | undefined {
  const { inputConfig, runtimeConfig, runtimeSourceConfig } = params;
  if (!inputConfig) return runtimeConfig ?? undefined;
  if (!runtimeConfig || inputConfig === runtimeConfig) return inputConfig;
  const same =
    runtimeSourceConfig &&
    (inputConfig === runtimeSourceConfig ||
      JSON.stringify(inputConfig) === JSON.stringify(runtimeSourceConfig));
  return same ? runtimeConfig : inputConfig;
}

/** Nothing to do here: every read asks the gateway, and a configuration that was written is the one read next. */
export function clearRuntimeConfigSnapshot(): void {}
