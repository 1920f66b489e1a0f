import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const run = promisify(execFile);

export interface PackageParts {
  id?: string;
  version?: string;
  name?: string;
  manifest?: Record<string, unknown>;
  package?: Record<string, unknown>;
  /** Body of `register(api)`. */
  register?: string;
  files?: Record<string, string>;
}

/** Writes a plugin package as an author would have it and returns its folder. */
export async function pluginFolder(parts: PackageParts = {}, folder?: string): Promise<string> {
  const { id = "sample", version = "1.0.0", name = `plugin-${id}`, register = "" } = parts;
  const root = folder ?? join(await temporaryFolder("sluice-package-"), id);
  const files: Record<string, string> = {
    "openclaw.plugin.json": JSON.stringify({
      id,
      configSchema: { type: "object", additionalProperties: false, properties: { note: { type: "string" } } },
      ...parts.manifest,
    }),
    "package.json": JSON.stringify({
      name,
      version,
      type: "module",
      openclaw: { extensions: ["./index.js"] },
      ...parts.package,
    }),
    "index.js": `import { definePluginEntry } from "openclaw/plugin-sdk/plugin-entry";
export default definePluginEntry({ id: ${JSON.stringify(id)}, name: "Sample ${version}", register(api) { ${register} } });
`,
    ...parts.files,
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

/** The same as a tarball, made by npm itself. */
export async function pluginTarball(parts: PackageParts = {}): Promise<string> {
  const folder = await pluginFolder(parts);
  const target = dirname(folder);
  const { stdout } = await run(
    "npm",
    ["pack", "--silent", "--ignore-scripts", "--pack-destination", target, folder],
    {
      cwd: target,
    },
  );
  return join(target, stdout.trim().split("\n").at(-1) as string);
}
