import { createRequire } from "node:module";
import { join } from "node:path";
import { packageRoot } from "../kernel/package-root.ts";
import { currentHost } from "./ambient/host.ts";

export { formatCliCommand } from "./setup/wizard.ts";

/** The version of this host. */
export const VERSION: string =
  currentHost()?.services?.version ??
  (createRequire(import.meta.url)(join(packageRoot(), "package.json")) as { version: string }).version;

/** The version that a service of this host says it has. */
export function resolveRuntimeServiceVersion(_environment?: object): string {
  return VERSION;
}
