import type { ManifestMetadata } from "../../../../src/plugins/inspect/manifest-metadata.ts";
import { pluginBench } from "../../support/plugin-bench.ts";

/** What `inspect` shows of a plugin folder with this manifest, and which diagnostics it has. */
export async function readManifest(manifest: Record<string, unknown>) {
  const bench = await pluginBench({ plugins: { entries: { it: { enabled: true } } } });
  await bench.write("global", "it", { manifest, register: "" });
  await bench.host.start();
  const inspection = await bench.host.inspect("it");
  return {
    status: inspection?.status,
    metadata: inspection?.metadata as ManifestMetadata,
    codes: inspection?.diagnostics.map(({ code }) => code) ?? [],
    messages: inspection?.diagnostics.map(({ message }) => message) ?? [],
  };
}
