export { extractArchive } from "./setup/archives.ts";
export { detectBinary, resolveBrewExecutable } from "./setup/binaries.ts";
export { formatCliCommand, formatDocsLink } from "./setup/wizard.ts";

import { resolveStateDir } from "./state-paths.ts";

/** The state folder of the gateway that loaded the plugin. */
export const CONFIG_DIR = resolveStateDir();
