export { fileExists, isPathInside, isPathStrictlyInside, pathExists } from "./security/files.ts";
export {
  basenameFromMediaSource,
  readFileHandleBounded,
  safeFileURLToPath,
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
export { resolvePreferredTempDir as resolvePreferredOpenClawTmpDir } from "./values/temp-path.ts";
