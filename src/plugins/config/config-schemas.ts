import type { PluginMetadataSnapshot } from "../snapshot.ts";

/** Settings schemas by plugin and channel id, as plain JSON Schema from manifests. */
export interface PluginConfigSchemas {
  readonly plugins: Readonly<Record<string, { readonly schema?: object }>>;
  readonly channels: Readonly<Record<string, { readonly schema?: object }>>;
  /** A folder of `plugins.load.paths` is missing: settings that seem nobody's may be those of its plugins. */
  readonly incomplete: boolean;
}

/** Collects what config validation needs; runs no plugin code (spec 2.8). */
export function configSchemasOf({
  plugins: known,
  missingPaths,
}: PluginMetadataSnapshot): PluginConfigSchemas {
  const plugins: Record<string, { schema?: object }> = {};
  const channels: Record<string, { schema?: object }> = {};
  for (const { candidate } of known) {
    const { manifest } = candidate;
    for (const id of [candidate.id, ...(manifest?.legacyPluginIds ?? [])]) {
      plugins[id] = manifest ? { schema: manifest.configSchema } : {};
    }
    for (const channel of manifest?.channels ?? []) {
      const schema = manifest?.channelConfigs[channel]?.schema;
      channels[channel] ??= schema ? { schema } : {};
    }
  }
  return { plugins, channels, incomplete: missingPaths.length > 0 };
}
