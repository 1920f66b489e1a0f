import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { NpmClient } from "../install/index.ts";
import type { BenchOptions } from "./bench.ts";
import { authoringError } from "./create.ts";
import { validatePlugin } from "./validate.ts";

export interface PackedPlugin {
  readonly pluginIds: readonly string[];
  readonly name: string;
  readonly version: string;
  /** The tarball. Absolute. */
  readonly file: string;
  readonly integrity?: string;
}

/**
 * Makes the tarball that `plugins install` takes, after the plugin passed {@link validatePlugin}. None of its
 * scripts run: build it before.
 *
 * @throws SluiceError `CHECKS_FAILED` with the failed checks, `PACKAGE_UNAVAILABLE` when npm cannot pack it
 */
export async function packPlugin(
  options: BenchOptions & {
    readonly destination: string;
    readonly env: Readonly<Record<string, string | undefined>>;
  },
): Promise<PackedPlugin> {
  const report = await validatePlugin(options);
  const failed = report.checks.filter(({ outcome }) => outcome === "failed");
  if (failed.length > 0) {
    const why = failed.flatMap(({ name, details }) => details.map((detail) => `${name}: ${detail}`));
    throw authoringError("CHECKS_FAILED", `it is not packed: ${why.join("; ")}`);
  }
  const destination = resolve(options.destination);
  await mkdir(destination, { recursive: true });
  const npm = new NpmClient({ env: options.env, clock: options.clock });
  const { name, version, filename, integrity } = await npm.pack(report.folder, destination);
  return {
    pluginIds: report.pluginIds,
    name,
    version,
    file: join(destination, filename),
    ...(integrity === undefined ? {} : { integrity }),
  };
}
