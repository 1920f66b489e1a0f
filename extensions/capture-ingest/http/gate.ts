import type { IncomingMessage } from "node:http";
import type { Clock } from "sluice/plugin-sdk/foundation";
import { FAILED_AUTHENTICATIONS_PER_MINUTE } from "../contract/limits.ts";
import type { KeyIdentity, KeyRing } from "../keys/key-ring.ts";
import { addressBucket, RateLimiter, type RateState } from "./rate-limit.ts";
import { HttpRefusal } from "./refusal.ts";
import type { RouteContext } from "./responder.ts";

const MAX_KEY_HEADER = 512;
const RATE_DETAIL = { detail: "Rate limit exceeded, retry with backoff" };

/** Lets a request in: key, failed attempts by address, rate and requests in flight by key. */
export class Gate {
  readonly #keys: RateLimiter;
  readonly #failures: RateLimiter;
  readonly #inFlight = new Map<string, number>();

  constructor(clock: Clock) {
    this.#keys = new RateLimiter(clock);
    this.#failures = new RateLimiter(clock);
  }

  /** @throws HttpRefusal 401, or 429 for an address with too many failures */
  authenticate(request: IncomingMessage, ring: KeyRing): KeyIdentity {
    const given = request.headers["x-api-key"];
    const key =
      typeof given === "string" && given.length > 0 && given.length <= MAX_KEY_HEADER
        ? ring.find(given)
        : undefined;
    if (key) return key;
    const address = addressBucket(request.socket.remoteAddress);
    // A request without a key is no guess: it must not lock out an address that others share.
    const attempts =
      given === undefined
        ? this.#failures.look(address, FAILED_AUTHENTICATIONS_PER_MINUTE)
        : this.#failures.take(address, FAILED_AUTHENTICATIONS_PER_MINUTE);
    if (!attempts.allowed)
      throw new HttpRefusal(429, RATE_DETAIL, {
        headers: { "Retry-After": String(attempts.resetS) },
        close: true,
      });
    throw new HttpRefusal(401, { detail: "Invalid or missing X-API-Key" }, { close: hasBody(request) });
  }

  /** Counts the request against its key. @throws HttpRefusal 429 */
  admit(key: KeyIdentity, perMinute: number, context: RouteContext): void {
    const state = this.#keys.take(key.id, perMinute);
    Object.assign(context.headers, rateHeaders(state));
    if (!state.allowed)
      throw new HttpRefusal(429, RATE_DETAIL, {
        headers: { "Retry-After": String(state.resetS) },
        close: hasBody(context.request),
      });
  }

  /** Holds one of the key's places in flight; call the result to give it back. @throws HttpRefusal 429 */
  enter(key: KeyIdentity, places: number): () => void {
    const taken = this.#inFlight.get(key.id) ?? 0;
    if (taken >= places)
      throw new HttpRefusal(429, RATE_DETAIL, { headers: { "Retry-After": "1" }, close: true });
    this.#inFlight.set(key.id, taken + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const now = (this.#inFlight.get(key.id) ?? 1) - 1;
      if (now === 0) this.#inFlight.delete(key.id);
      else this.#inFlight.set(key.id, now);
    };
  }
}

function hasBody(request: IncomingMessage): boolean {
  return (
    request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0
  );
}

function rateHeaders(state: RateState): Record<string, string> {
  return {
    "RateLimit-Limit": String(state.limit),
    "RateLimit-Remaining": String(state.remaining),
    "RateLimit-Reset": String(state.resetS),
  };
}
