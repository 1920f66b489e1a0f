export { fetchWithTimeout } from "./net/probe.ts";
export {
  assertOkOrThrowProviderError,
  createProviderHttpError,
  extractProviderErrorDetail,
  readProviderBinaryResponse,
  readProviderJsonResponse,
  readProviderTextResponse,
  redactProviderResponseErrorText,
} from "./net/responses.ts";
