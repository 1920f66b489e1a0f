export { acquireFileLock, type FileLockOptions, withFileLock } from "./values/file-lock.ts";
