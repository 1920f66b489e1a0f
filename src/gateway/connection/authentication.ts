import { createHmac } from "node:crypto";
import { isSluiceError } from "../../kernel/errors.ts";
import { secretsEqual } from "../../kernel/secret.ts";
import type { HandshakeDetailCode } from "../../protocol/error-codes.ts";
import type { Credentials } from "../../protocol/schemas/connect.ts";
import { coversAll } from "../../protocol/scopes.ts";
import type { Store } from "../../store/index.ts";
import type { DeviceRecord, DeviceToken } from "../../store/procedures/device-rows.ts";
import type { AuthAttempt, AuthLimiter } from "./auth-limiter.ts";
import type { RequestFacts } from "./facts.ts";
import { HandshakeRejection } from "./rejection.ts";
import { type AuthFailure, type AuthSettings, checkSharedSecret, secretGeneration } from "./shared-secret.ts";

export interface AuthenticationOptions {
  /** Read on every attempt, so that a rotated secret fails at once everywhere. */
  settings(): AuthSettings;
  limiter: AuthLimiter;
  store: Store;
  /** Derives device tokens and opaque ids; never leaves the process. */
  tokenKey: Uint8Array;
}

export type AuthMethod = "none" | "token" | "password" | "device-token";

export interface Authenticated {
  method: AuthMethod;
  /** Scopes the device token carries; only for method `device-token`. */
  tokenScopes?: readonly string[];
}

/** A device whose identity proof was checked before. */
export interface ProvenDevice {
  deviceId: string;
  publicKey: string;
}

/** Decides who a caller is: shared secret first, then the device's own token (spec 2.5, 7.3). */
export class Authentication {
  readonly #options: AuthenticationOptions;

  constructor(options: AuthenticationOptions) {
    this.#options = options;
  }

  get settings(): AuthSettings {
    return this.#options.settings();
  }

  /** Names the current shared secret; `undefined` in mode `none`. */
  get generation(): string | undefined {
    return secretGeneration(this.settings);
  }

  /** The text of a device's token; only its id is stored. */
  tokenText(deviceId: string, token: Pick<DeviceToken, "role" | "tokenId">): string {
    return this.opaque(`device-token|${deviceId}|${token.role}|${token.tokenId}`);
  }

  /** A stable, meaningless 43-character name for something. */
  opaque(text: string): string {
    return createHmac("sha256", this.#options.tokenKey).update(text).digest("base64url");
  }

  /**
   * Authenticates one attempt.
   *
   * @throws HandshakeRejection with the texts and details of spec 2.5
   */
  async authenticate(
    auth: Credentials,
    facts: RequestFacts,
    role: string,
    scopes: readonly string[],
    device?: ProvenDevice,
  ): Promise<Authenticated> {
    const attempt: AuthAttempt = {
      credential: "shared-secret",
      address: facts.address,
      origin: facts.origin,
    };
    this.#refuseLocked(attempt);
    const decision = checkSharedSecret(this.settings, auth);
    if (decision.ok) {
      this.#options.limiter.succeeded(attempt);
      return { method: decision.method };
    }
    const candidate = auth.deviceToken ?? (device ? auth.token : undefined);
    if (device && candidate !== undefined && candidate !== "") {
      const tokenAttempt: AuthAttempt = { ...attempt, credential: "device-token" };
      const verdict = await this.#checkDeviceToken(device, role, scopes, candidate);
      if (verdict.ok) {
        this.#refuseLocked(tokenAttempt);
        this.#options.limiter.succeeded(tokenAttempt);
        return { method: "device-token", tokenScopes: verdict.scopes };
      }
      if (auth.deviceToken !== undefined) {
        this.#refuseLocked(tokenAttempt);
        throw this.#rejection(
          verdict.failure,
          [tokenAttempt, ...(decision.wrong ? [attempt] : [])],
          auth,
          device,
        );
      }
    }
    throw this.#rejection(decision.failure, decision.wrong ? [attempt] : [], auth, device);
  }

  async #checkDeviceToken(
    device: ProvenDevice,
    role: string,
    scopes: readonly string[],
    candidate: string,
  ): Promise<{ ok: true; scopes: string[] } | { ok: false; failure: AuthFailure }> {
    const mismatch = (hint: string) => ({
      ok: false as const,
      failure: { reason: "device_token_mismatch", code: "AUTH_DEVICE_TOKEN_MISMATCH" as const, hint },
    });
    const record = await this.#options.store.call.devices.get({ deviceId: device.deviceId });
    const token = usableToken(record, device, role);
    if (!token || !secretsEqual(candidate, this.tokenText(device.deviceId, token))) {
      return mismatch("device token mismatch (reconnect with the gateway token to get a new one)");
    }
    if (token.issuerGeneration !== undefined && token.issuerGeneration !== this.generation) {
      return mismatch("device token was issued under an older gateway secret (reconnect with the new one)");
    }
    if (role === "operator" && !coversAll(token.scopes, scopes)) {
      return {
        ok: false,
        failure: {
          reason: "scope_mismatch",
          code: "AUTH_SCOPE_MISMATCH",
          hint: "device token does not cover the requested scopes (ask for fewer, or approve the device for more)",
        },
      };
    }
    return { ok: true, scopes: token.scopes };
  }

  #refuseLocked(attempt: AuthAttempt): void {
    const retryAfterMs = this.#options.limiter.lockedFor(attempt);
    if (retryAfterMs === 0) return;
    throw new HandshakeRejection(
      "INVALID_REQUEST",
      "unauthorized: too many failed authentication attempts (retry later)",
      {
        retryable: true,
        retryAfterMs,
        details: {
          code: "AUTH_RATE_LIMITED",
          authReason: "rate_limited",
          canRetryWithDeviceToken: false,
          recommendedNextStep: "wait_then_retry",
        },
      },
    );
  }

  #rejection(
    failure: AuthFailure,
    wrong: AuthAttempt[],
    auth: Credentials,
    device: ProvenDevice | undefined,
  ): HandshakeRejection {
    const delayMs = Math.max(0, ...wrong.map((attempt) => this.#options.limiter.failed(attempt)));
    const canRetry =
      failure.reason === "token_mismatch" &&
      device !== undefined &&
      auth.token !== undefined &&
      auth.deviceToken === undefined;
    return new HandshakeRejection("INVALID_REQUEST", `unauthorized: ${failure.hint}`, {
      delayMs,
      details: {
        code: failure.code,
        authReason: failure.reason,
        canRetryWithDeviceToken: canRetry,
        recommendedNextStep: nextStep(failure.code, canRetry),
      },
    });
  }
}

/** True for the refusal of a locked-out caller; HTTP answers it with 429. */
export function isRateLimited(error: unknown): error is HandshakeRejection {
  return (
    isSluiceError(error) && (error.details as { code?: string } | undefined)?.code === "AUTH_RATE_LIMITED"
  );
}

function usableToken(
  record: DeviceRecord | undefined,
  device: ProvenDevice,
  role: string,
): DeviceToken | undefined {
  if (!record || record.approvedAtMs === undefined || record.publicKey !== device.publicKey) return undefined;
  if (!record.roles.includes(role)) return undefined;
  const token = record.tokens[role];
  return token && token.revokedAtMs === undefined ? token : undefined;
}

function nextStep(code: HandshakeDetailCode, canRetry: boolean): string {
  if (canRetry) return "retry_with_device_token";
  if (code.endsWith("_MISSING") || code.endsWith("_NOT_CONFIGURED")) return "update_auth_configuration";
  return code === "AUTH_SCOPE_MISMATCH" ? "review_auth_configuration" : "update_auth_credentials";
}
