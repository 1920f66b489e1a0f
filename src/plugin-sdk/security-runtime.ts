export {
  normalizeHost as normalizeHostname,
  resolvePinnedHostnameWithPolicy,
  SsrFBlockedError,
} from "../runtime/egress/index.ts";
export { sanitizeUntrustedFileName } from "../runtime/media/index.ts";
export {
  evaluateSupplementalContextVisibility,
  filterSupplementalContextItems,
  shouldIncludeSupplementalContext,
} from "./context-visibility-runtime.ts";
export { extractErrorCode, formatErrorMessage } from "./errors/errors.ts";
export { redactSensitiveText } from "./logging/redact.ts";
export { ensurePortAvailable } from "./net/ports.ts";
export { replaceFileAtomic, writeExternalFileWithinRoot } from "./security/atomic-files.ts";
export { buildChannelMetadata } from "./security/channel-metadata.ts";
export { FsSafeError } from "./security/file-errors.ts";
export { fileExists, isPathInside, pathExists } from "./security/files.ts";
export {
  openLocalFileSafely,
  pathExistsSync,
  resolveLocalPathFromRootsSync,
} from "./security/local-files.ts";
export {
  assertNoSymlinkParents,
  assertNoSymlinkParentsSync,
  canonicalPathFromExistingAncestor,
} from "./security/path-parents.ts";
export {
  readRegularFile,
  readRegularFileSync,
  statRegularFile,
  statRegularFileSync,
} from "./security/regular-files.ts";
export { root } from "./security/root-folder.ts";
export { compileSafeRegexDetailed } from "./security/safe-regex.ts";
export {
  resolvePinnedMainDmOwnerFromAllowlist,
  safeEqualSecret,
  wrapExternalContent,
  wrapWebContent,
} from "./security/security.ts";
export { withTimeout } from "./values/async.ts";
export { resolvePreferredTempDir as resolvePreferredOpenClawTmpDir } from "./values/temp-path.ts";
export { parseAccessGroupAllowFromEntry } from "./values/text.ts";
