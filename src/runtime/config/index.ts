import { type ConfigOptions, FileConfigService } from "./service.ts";
import type { ConfigService } from "./types.ts";

export { REDACTED, redactConfig, redactText, restoreRedacted } from "./redact.ts";
export type { SecretRef } from "./secret-ref.ts";
export type { ConfigOptions } from "./service.ts";
export type * from "./types.ts";

/**
 * Opens the configuration. A missing file means defaults; a broken one never fails the start, it leaves the
 * newest good revision running (see `origin` and `problems` of the snapshot). Opening writes no file.
 *
 * @example
 * const config = await openConfig({ path, store, clock, logger, redactor });
 * const port = config.current().config.gateway?.port ?? 18789;
 */
export function openConfig(options: ConfigOptions): Promise<ConfigService> {
  return FileConfigService.open(options);
}
export { configNamespace, type PluginConfigSource } from "./plugin-namespace.ts";
export { resolveConfig } from "./resolve.ts";
export { SecretResolver } from "./secret-ref.ts";
export { readSource } from "./source.ts";
