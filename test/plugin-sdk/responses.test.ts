import { describe, expect, it } from "vitest";
import {
  assertOkOrThrowHttpError,
  createProviderOperationDeadline,
  createProviderOperationTimeoutResolver,
  readProviderJsonObjectResponse,
  readProviderJsonResponse,
} from "../../src/plugin-sdk/provider-http.ts";
import {
  isDebugProxyGlobalFetchPatchInstalled,
  resolveEffectiveDebugProxyUrl,
} from "../../src/plugin-sdk/proxy-capture.ts";
import { stalling } from "../runtime/egress/support.ts";

describe("answers of other servers", () => {
  it("are given up after a time, and their connection with them", async () => {
    const { response, cancelled } = stalling();
    await expect(readProviderJsonResponse(response, "API", { timeoutMs: () => 5 })).rejects.toThrow(
      "timed out",
    );
    expect(String(await cancelled)).toContain("timed out");
  });

  it("are objects where an object is expected", async () => {
    expect(await readProviderJsonObjectResponse(new Response('{"a":1}'), "API")).toEqual({ a: 1 });
    await expect(readProviderJsonObjectResponse(new Response("[1]"), "API")).rejects.toThrow(
      "no JSON object",
    );
    await expect(readProviderJsonObjectResponse(new Response("null"), "API")).rejects.toThrow(
      "no JSON object",
    );
  });

  it("tell of an error without what the request was authorised with", async () => {
    await assertOkOrThrowHttpError(new Response("fine"), "API");
    const refusal = new Response('{"message":"no such token tok-12345"}', { status: 401 });
    const requestHeaders = { Authorization: "Bearer tok-12345" };
    const error = await assertOkOrThrowHttpError(refusal, "API", { requestHeaders }).catch((cause) => cause);
    expect(error).toMatchObject({ status: 401 });
    expect(error.message).toBe("API (HTTP 401): no such token ***");
  });

  it("share one time limit over several requests", async () => {
    const deadline = createProviderOperationDeadline({ timeoutMs: 15, label: "API" });
    const remaining = createProviderOperationTimeoutResolver({ deadline, defaultTimeoutMs: 10 });
    expect(remaining()).toBeLessThanOrEqual(10);
    const passed = { ...deadline, deadlineAtMs: Date.now() - 1 };
    const late = createProviderOperationTimeoutResolver({ deadline: passed, defaultTimeoutMs: 10 });
    expect(late).toThrow("API timed out after 15ms");
    const unlimited = createProviderOperationDeadline({ label: "API" });
    expect(createProviderOperationTimeoutResolver({ deadline: unlimited, defaultTimeoutMs: 7 })()).toBe(7);
  });
});

describe("recording of traffic", () => {
  it("is off: the proxy an account is configured with stays", () => {
    expect(resolveEffectiveDebugProxyUrl(" http://p:1 ")).toBe("http://p:1");
    expect(resolveEffectiveDebugProxyUrl("")).toBeUndefined();
    expect(isDebugProxyGlobalFetchPatchInstalled()).toBe(false);
  });
});
