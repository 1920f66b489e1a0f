export { readResponseTextLimited } from "../runtime/egress/index.ts";
export {
  createProviderOperationDeadline,
  createProviderOperationTimeoutResolver,
  resolveProviderOperationTimeoutMs,
} from "./net/deadlines.ts";
export { fetchWithTimeout } from "./net/probe.ts";
export {
  assertOkOrThrowHttpError,
  assertOkOrThrowProviderError,
  createProviderHttpError,
  extractProviderErrorDetail,
  readProviderBinaryResponse,
  readProviderJsonArrayFieldResponse,
  readProviderJsonObjectResponse,
  readProviderJsonResponse,
  readProviderTextResponse,
  redactProviderResponseErrorText,
} from "./net/responses.ts";
