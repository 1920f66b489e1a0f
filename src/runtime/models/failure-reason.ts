import type { FailoverReason } from "../../contracts/provider.ts";

const REASONS: ReadonlySet<string> = new Set<FailoverReason>([
  "auth",
  "auth_permanent",
  "format",
  "rate_limit",
  "overloaded",
  "billing",
  "server_error",
  "timeout",
  "tls_certificate",
  "context_overflow",
  "model_not_found",
  "session_expired",
  "empty_response",
  "no_error_details",
  "unclassified",
  "unknown",
]);

const OVERFLOW = /context length|maximum context|too many tokens|context_length|context window/i;
const REVOKED = /revoked|deactivated|invalid.*key|incorrect.*key/i;
const WINDOW = /usage limit|resets? (?:at|in)|try again (?:at|in)/i;
const TIMEOUT_STATUSES = [408, 499, 504, 522, 524];

/** Errors of the connection, by their code or in their text. */
const TIMEOUTS =
  /\b(?:ETIMEDOUT|ESOCKETTIMEDOUT|ECONNRESET|ECONNREFUSED|ECONNABORTED|EPIPE|ENOTFOUND|EAI_AGAIN|UND_ERR_\w+)\b|timed? ?out/i;
const CERTIFICATES = /\b(?:CERT_\w+|\w*_?SELF_SIGNED\w*|UNABLE_TO_VERIFY\w*|ERR_TLS\w*)\b/;

/** What servers write where nothing but the text says what is wrong. */
const TEXTS: readonly (readonly [RegExp, FailoverReason])[] = [
  [OVERFLOW, "context_overflow"],
  [/rate.?limit|too many requests/i, "rate_limit"],
  [/overloaded/i, "overloaded"],
  [/insufficient (?:quota|balance|funds|credits?)|billing/i, "billing"],
  [/unauthori[sz]ed|authentication failed|invalid api.?key/i, "auth"],
  [/model.{0,80}(?:not found|does not exist)/i, "model_not_found"],
];

export function isFailoverReason(code: unknown): code is FailoverReason {
  return typeof code === "string" && REASONS.has(code);
}

/** The reason behind a refusal of a model's server (spec 2.6). */
export function reasonOfStatus(status: number, message: string): FailoverReason {
  if (status === 400 || status === 413 || status === 422) {
    if (OVERFLOW.test(message)) return "context_overflow";
  }
  if (status === 401 || status === 403) return REVOKED.test(message) ? "auth_permanent" : "auth";
  // A plan that is used up for some hours is a limit, not an unpaid bill.
  if (status === 402) return WINDOW.test(message) ? "rate_limit" : "billing";
  if (status === 404) return "model_not_found";
  if (TIMEOUT_STATUSES.includes(status)) return "timeout";
  if (status === 410) return "session_expired";
  if (status === 413) return "context_overflow";
  if (status === 429) return "rate_limit";
  if (status === 529 || (status === 503 && /overload/i.test(message))) return "overloaded";
  if (status >= 500) return "server_error";
  return status >= 400 ? "format" : "unknown";
}

/**
 * Why a model gave no answer, by what is known of it: the status of its server, the code of the error, its
 * text, in this order.
 */
export function failureReason(failure: {
  status?: number | undefined;
  code?: string | undefined;
  message?: string | undefined;
}): FailoverReason {
  const { status = 0, code = "", message = "" } = failure;
  if (isFailoverReason(code)) return code;
  if (code === "MODEL_AUTH_MISSING") return "auth";
  if (code === "MODEL_UNKNOWN") return "model_not_found";
  if (status >= 400) return reasonOfStatus(status, message);
  if (CERTIFICATES.test(code) || CERTIFICATES.test(message)) return "tls_certificate";
  if (TIMEOUTS.test(code) || TIMEOUTS.test(message)) return "timeout";
  return TEXTS.find(([pattern]) => pattern.test(message))?.[1] ?? "unknown";
}
