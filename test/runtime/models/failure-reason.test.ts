import { describe, expect, it } from "vitest";
import { failureReason } from "../../../src/runtime/models/failure-reason.ts";

describe("why a model gave no answer", () => {
  it.each<[Parameters<typeof failureReason>[0], string]>([
    [{ status: 400, message: "maximum context length is 8192 tokens" }, "context_overflow"],
    [{ status: 400, message: "bad tool schema" }, "format"],
    [{ status: 401, message: "missing header" }, "auth"],
    [{ status: 401, message: "Incorrect API key provided" }, "auth_permanent"],
    [{ status: 403, message: "this account was deactivated" }, "auth_permanent"],
    [{ status: 402, message: "add credits" }, "billing"],
    [{ status: 402, message: "usage limit reached, resets at 14:00" }, "rate_limit"],
    [{ status: 404 }, "model_not_found"],
    ...[408, 499, 504, 522, 524].map((status): [{ status: number }, string] => [{ status }, "timeout"]),
    [{ status: 410 }, "session_expired"],
    [{ status: 413 }, "context_overflow"],
    [{ status: 422 }, "format"],
    [{ status: 429 }, "rate_limit"],
    [{ status: 500 }, "server_error"],
    [{ status: 503 }, "server_error"],
    [{ status: 503, message: "Overloaded" }, "overloaded"],
    [{ status: 529 }, "overloaded"],
    [{ status: 200, message: "fetch failed: ECONNRESET" }, "timeout"],
    [{ code: "UND_ERR_CONNECT_TIMEOUT" }, "timeout"],
    [{ code: "DEPTH_ZERO_SELF_SIGNED_CERT" }, "tls_certificate"],
    [{ code: "MODEL_AUTH_MISSING" }, "auth"],
    [{ code: "MODEL_UNKNOWN" }, "model_not_found"],
    [{ code: "billing", status: 429 }, "billing"],
    [{ message: "Too Many Requests" }, "rate_limit"],
    [{ message: "insufficient credits" }, "billing"],
    [{ message: "the model gpt-0 does not exist" }, "model_not_found"],
    [{ message: "something else" }, "unknown"],
    [{}, "unknown"],
  ])("%j is %s", (failure, reason) => {
    expect(failureReason(failure)).toBe(reason);
  });
});
