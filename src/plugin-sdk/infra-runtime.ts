/** @deprecated Kept for published plugins; the functions live in narrow subpaths. */
export { type FileLockOptions, withFileLock } from "./values/file-lock.ts";
export { resolvePreferredTempDir as resolvePreferredOpenClawTmpDir } from "./values/temp-path.ts";
