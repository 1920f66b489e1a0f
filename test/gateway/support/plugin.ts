import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/**
 * Writes a plugin outside the repository and a configuration that loads it.
 *
 * @param register body of `register(api)`
 * @returns the configuration file
 */
export async function pluginConfig(register: string, config: object = {}): Promise<string> {
  const folder = await temporaryFolder();
  const plugin = join(folder, "probe");
  await mkdir(plugin);
  await writeFile(
    join(plugin, "openclaw.plugin.json"),
    JSON.stringify({
      id: "probe",
      name: "Probe",
      description: "Takes part in tests.",
      version: "1.0.0",
      activation: { onStartup: true },
      configSchema: { type: "object", additionalProperties: false, properties: {} },
    }),
  );
  await writeFile(
    join(plugin, "package.json"),
    JSON.stringify({
      name: "probe",
      version: "1.0.0",
      type: "module",
      openclaw: { extensions: ["./index.js"] },
    }),
  );
  await writeFile(
    join(plugin, "index.js"),
    `export default { id: "probe", name: "Probe", register(api) { ${register} } };\n`,
  );
  const file = join(folder, "sluice.json");
  await writeFile(
    file,
    JSON.stringify({
      ...config,
      plugins: { load: { paths: [plugin] }, entries: { probe: { enabled: true } } },
    }),
  );
  return file;
}
