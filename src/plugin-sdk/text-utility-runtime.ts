/** Cutting, quoting and probing. */

import { mkdir } from "node:fs/promises";
import { resolveStateDir } from "./state-paths.ts";

export { fetchWithTimeout, runChannelProbe } from "./net/probe.ts";
export { withTimeout } from "./values/async.ts";
export { clamp } from "./values/numbers.ts";
export {
  escapeHtml,
  escapeRegExp,
  normalizeE164,
  resolveUserPath,
  safeParseJson,
  sliceUtf16Safe,
  truncateUtf8Prefix,
  truncateUtf16Safe,
} from "./values/text.ts";

/** The gateway's state folder, as it was when the plugin was loaded. Absolute. */
export const CONFIG_DIR = resolveStateDir();

/** Makes a folder and those above it; one that exists is fine. */
export async function ensureDir(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
}
