import { createHmac } from "node:crypto";
import { secretsEqual } from "../../kernel/secret.ts";
import type { HandshakeDetailCode } from "../../protocol/error-codes.ts";

/** How callers prove that they belong to this gateway. */
export type AuthMode = "token" | "password" | "none";

export interface AuthSettings {
  mode: AuthMode;
  /** The token or password; absent only in mode `none`. */
  secret?: string | undefined;
}

/** Why a credential was refused; `hint` is the text after `unauthorized: `. */
export interface AuthFailure {
  reason: string;
  code: HandshakeDetailCode;
  hint: string;
}

export type SecretDecision =
  | { ok: true; method: AuthMode }
  /** `wrong`: a credential was given and is not ours, which counts for the rate limit. */
  | { ok: false; wrong: boolean; failure: AuthFailure };

const FAILURES = {
  token_missing: {
    code: "AUTH_TOKEN_MISSING",
    hint: "gateway token missing (use this gateway's gateway.auth.token or pair the device)",
  },
  token_mismatch: {
    code: "AUTH_TOKEN_MISMATCH",
    hint: "gateway token mismatch (use this gateway's gateway.auth.token or pair the device)",
  },
  token_missing_config: {
    code: "AUTH_TOKEN_NOT_CONFIGURED",
    hint: "gateway token not configured (set gateway.auth.token and restart)",
  },
  password_missing: {
    code: "AUTH_PASSWORD_MISSING",
    hint: "gateway password missing (enter this gateway's gateway.auth.password)",
  },
  password_mismatch: {
    code: "AUTH_PASSWORD_MISMATCH",
    hint: "gateway password mismatch (enter this gateway's gateway.auth.password)",
  },
  password_missing_config: {
    code: "AUTH_PASSWORD_NOT_CONFIGURED",
    hint: "gateway password not configured (set gateway.auth.password and restart)",
  },
} as const satisfies Record<string, { code: HandshakeDetailCode; hint: string }>;

/**
 * The one decision about the shared secret, for WebSocket and HTTP alike (spec 2.5). Either field may
 * hold it; the mode decides which one wins. Comparison takes constant time.
 */
export function checkSharedSecret(
  settings: AuthSettings,
  given: { token?: string | undefined; password?: string | undefined },
): SecretDecision {
  if (settings.mode === "none") return { ok: true, method: "none" };
  const { mode, secret } = settings;
  const candidate = mode === "token" ? (given.token ?? given.password) : (given.password ?? given.token);
  if (secret === undefined || secret === "") return refused(`${mode}_missing_config`, false);
  if (candidate === undefined || candidate === "") return refused(`${mode}_missing`, false);
  return secretsEqual(candidate, secret) ? { ok: true, method: mode } : refused(`${mode}_mismatch`, true);
}

/** Names the current shared secret without telling it; device tokens remember which one they came from. */
export function secretGeneration(settings: AuthSettings): string | undefined {
  if (settings.secret === undefined) return undefined;
  return createHmac("sha256", settings.secret).update("sluice:issuer-generation").digest("base64url");
}

function refused(reason: keyof typeof FAILURES, wrong: boolean): SecretDecision {
  return { ok: false, wrong, failure: { reason, ...FAILURES[reason] } };
}
