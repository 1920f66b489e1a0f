export {
  coerceErrorMessage,
  collectErrorGraphCandidates,
  extractErrorCode,
  formatErrorMessage,
  isApprovalNotFoundError,
  PlatformMessageNotDispatchedError,
  readErrorName,
  toErrorObject,
  toStringifiedError,
} from "./errors/errors.ts";
