import {
  ERROR_TEXT_MAX_BYTES,
  type ReadLimits,
  readResponseTextPrefix,
  readResponseWithLimit,
} from "../../runtime/egress/index.ts";
import { isRecord, type UnknownRecord } from "../values/records.ts";

/** Answers of providers and other services: their errors for people, their content in the form expected. */

export const DEFAULT_RESPONSE_MAX_BYTES = 16 * 1_024 * 1_024;

const SECRET_IN_TEXT =
  /((?:authorization|api[-_]?key|access[-_]?token|token|secret|password|signature)["']?\s*[:=]\s*["']?(?:bearer\s+)?)([^\s"',;&}]{4,})/gi;
const BEARER = /\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}/gi;

/** Text for people and logs, without what looks like a credential or was sent as one. */
export function redactProviderResponseErrorText(
  text: string,
  headers?: unknown,
  _options: { sourceTruncated?: boolean } = {},
): string {
  let redacted = text.replace(SECRET_IN_TEXT, "$1***").replace(BEARER, "$1 ***");
  for (const secret of credentialsOf(headers)) redacted = redacted.replaceAll(secret, "***");
  return redacted;
}

function credentialsOf(headers: unknown): string[] {
  if (!headers || typeof headers !== "object") return [];
  const entries =
    headers instanceof Headers ? [...headers] : Object.entries(headers as Record<string, unknown>);
  return entries
    .filter(([name]) => /authorization|token|key|secret|cookie/i.test(name))
    .map(([, value]) => String(value).replace(/^(?:bearer|basic)\s+/i, ""))
    .filter((value) => value.length >= 4);
}

export interface ProviderHttpError extends Error {
  status: number;
  code?: string;
  retryAfterSeconds?: number;
}

export interface HttpErrorOptions {
  /** Milliseconds for the body of the error. */
  bodyTimeoutMs?: number | (() => number) | undefined;
  /** Headers of the request: what they authorise with is left out of the message. */
  requestHeaders?: unknown;
}

export async function createProviderHttpError(
  response: Response,
  label: string,
  options: HttpErrorOptions = {},
): Promise<ProviderHttpError> {
  const { text } = await readResponseTextPrefix(response, ERROR_TEXT_MAX_BYTES, {
    timeoutMs: options.bodyTimeoutMs,
  });
  const detail = extractProviderErrorDetail(text) ?? response.statusText;
  const safe = redactProviderResponseErrorText(detail, options.requestHeaders).trim();
  const message = `${label} (HTTP ${response.status})${safe ? `: ${safe}` : ""}`;
  const retryAfter = Number(response.headers.get("retry-after"));
  return Object.assign(new Error(message), {
    name: "ProviderHttpError",
    status: response.status,
    ...(retryAfter > 0 ? { retryAfterSeconds: retryAfter } : {}),
  });
}

/** The message in the usual shapes of JSON errors, else the text itself. */
export function extractProviderErrorDetail(text: string): string | undefined {
  try {
    const parsed = JSON.parse(text) as Record<string, unknown> | null;
    const error = parsed?.["error"];
    const nested =
      typeof error === "object" && error !== null ? (error as Record<string, unknown>)["message"] : error;
    const found = [nested, parsed?.["message"], parsed?.["detail"], parsed?.["error_description"]].find(
      (candidate) => typeof candidate === "string" && candidate.trim() !== "",
    );
    return found as string | undefined;
  } catch {
    return text.trim() || undefined;
  }
}

export async function assertOkOrThrowProviderError(
  response: Response,
  label: string,
  options?: HttpErrorOptions,
): Promise<void> {
  if (!response.ok) throw await createProviderHttpError(response, label, options);
}

/** The same, for services that are no model providers. */
export const assertOkOrThrowHttpError = assertOkOrThrowProviderError;

/**
 * What a search service answered instead of results, as an error.
 *
 * @throws always: the error of {@link createProviderHttpError}, or the signal's reason once it is aborted
 */
export async function throwWebSearchApiError(
  response: Response,
  label: string,
  options: { headers?: unknown; signal?: AbortSignal | null; bodyTimeoutMs?: number } = {},
): Promise<never> {
  const error = await createProviderHttpError(response, label, {
    requestHeaders: options.headers,
    bodyTimeoutMs: options.bodyTimeoutMs,
  });
  options.signal?.throwIfAborted();
  throw error;
}

export async function readProviderTextResponse(
  response: Response,
  label: string,
  limits: ReadLimits = {},
): Promise<string> {
  const maxBytes = limits.maxBytes ?? DEFAULT_RESPONSE_MAX_BYTES;
  const overflow =
    limits.onOverflow ?? (() => new Error(`${label}: the answer is larger than ${maxBytes} bytes`));
  const body = await readResponseWithLimit(response, maxBytes, { ...limits, onOverflow: overflow });
  return body.toString("utf8");
}

export async function readProviderJsonResponse<T = unknown>(
  response: Response,
  label: string,
  limits: ReadLimits = {},
): Promise<T> {
  const text = await readProviderTextResponse(response, label, limits);
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new Error(`${label}: the answer is no JSON`, { cause: error });
  }
}

/** A JSON object. @throws for any other value */
export async function readProviderJsonObjectResponse(
  response: Response,
  label: string,
  limits: ReadLimits = {},
): Promise<UnknownRecord> {
  const value = await readProviderJsonResponse(response, label, limits);
  if (!isRecord(value)) throw new Error(`${label}: the answer is no JSON object`);
  return value;
}

/** A list in a field of a JSON object. @throws when the field holds something else */
export async function readProviderJsonArrayFieldResponse<T = unknown>(
  response: Response,
  label: string,
  field: string,
  limits: ReadLimits = {},
): Promise<T[]> {
  const value = (await readProviderJsonObjectResponse(response, label, limits))[field];
  if (!Array.isArray(value)) throw new Error(`${label}: "${field}" of the answer is no list`);
  return value as T[];
}

export async function readProviderBinaryResponse(
  response: Response,
  label: string,
  limits: ReadLimits = {},
): Promise<Buffer> {
  const maxBytes = limits.maxBytes ?? DEFAULT_RESPONSE_MAX_BYTES;
  const overflow =
    limits.onOverflow ?? (() => new Error(`${label}: the answer is larger than ${maxBytes} bytes`));
  return readResponseWithLimit(response, maxBytes, { ...limits, onOverflow: overflow });
}
