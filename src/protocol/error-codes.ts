/** Error codes a response may carry (spec 4.2). */
export const ERROR_CODES = [
  "INVALID_REQUEST",
  "FORBIDDEN",
  "NOT_PAIRED",
  "UNAVAILABLE",
  "APPROVAL_NOT_FOUND",
  "NOT_LINKED",
  "AGENT_TIMEOUT",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** `details.code` of a rejected handshake (spec 2.4, 2.5, 2.7, 2.8). */
export type HandshakeDetailCode =
  | "PROTOCOL_MISMATCH"
  | "CONTROL_UI_ORIGIN_NOT_ALLOWED"
  | "CONTROL_UI_DEVICE_IDENTITY_REQUIRED"
  | "DEVICE_IDENTITY_REQUIRED"
  | "DEVICE_AUTH_DEVICE_ID_MISMATCH"
  | "DEVICE_AUTH_SIGNATURE_EXPIRED"
  | "DEVICE_AUTH_NONCE_REQUIRED"
  | "DEVICE_AUTH_NONCE_MISMATCH"
  | "DEVICE_AUTH_SIGNATURE_INVALID"
  | "DEVICE_AUTH_PUBLIC_KEY_INVALID"
  | "AUTH_TOKEN_MISSING"
  | "AUTH_TOKEN_MISMATCH"
  | "AUTH_TOKEN_NOT_CONFIGURED"
  | "AUTH_PASSWORD_MISSING"
  | "AUTH_PASSWORD_MISMATCH"
  | "AUTH_PASSWORD_NOT_CONFIGURED"
  | "AUTH_BOOTSTRAP_TOKEN_INVALID"
  | "AUTH_DEVICE_TOKEN_MISMATCH"
  | "AUTH_SCOPE_MISMATCH"
  | "AUTH_RATE_LIMITED"
  | "PAIRING_REQUIRED";

/** The error of a response frame (spec 4.1). */
export interface WireError {
  code: ErrorCode;
  message: string;
  details?: unknown;
  retryable?: boolean;
  retryAfterMs?: number;
}

export function isErrorCode(code: string): code is ErrorCode {
  return (ERROR_CODES as readonly string[]).includes(code);
}
