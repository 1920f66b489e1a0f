export {
  evaluateSupplementalContextVisibility,
  filterSupplementalContextItems,
  shouldIncludeSupplementalContext,
} from "./context-visibility-runtime.ts";
export { extractErrorCode, formatErrorMessage } from "./errors/errors.ts";
export { redactSensitiveText } from "./logging/redact.ts";
export { SsrFBlockedError } from "./net/guarded-fetch.ts";
export { fileExists, isPathInside, pathExists } from "./security/files.ts";
export {
  resolvePinnedMainDmOwnerFromAllowlist,
  safeEqualSecret,
  sanitizeUntrustedFileName,
  wrapExternalContent,
  wrapWebContent,
} from "./security/security.ts";
export { withTimeout } from "./values/async.ts";
export { parseAccessGroupAllowFromEntry } from "./values/text.ts";
