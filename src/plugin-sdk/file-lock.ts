export {
  acquireFileLock,
  FILE_LOCK_STALE_ERROR_CODE,
  FILE_LOCK_TIMEOUT_ERROR_CODE,
  type FileLockOptions,
  withFileLock,
} from "./values/file-lock.ts";
