/** Cutting, quoting and probing. */

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
