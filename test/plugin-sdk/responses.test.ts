import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readResponseTextSnippet } from "../../src/plugin-sdk/media-runtime.ts";
import {
  assertOkOrThrowHttpError,
  createProviderOperationDeadline,
  createProviderOperationTimeoutResolver,
  readProviderJsonObjectResponse,
  readProviderJsonResponse,
  readResponseTextLimited,
} from "../../src/plugin-sdk/provider-http.ts";
import {
  isDebugProxyGlobalFetchPatchInstalled,
  resolveEffectiveDebugProxyUrl,
} from "../../src/plugin-sdk/proxy-capture.ts";
import { readByteStreamWithLimit } from "../../src/plugin-sdk/response-limit-runtime.ts";

/** Sends one piece and then nothing more. */
function stalling(first = "half"): { response: Response; cancelled: Promise<unknown> } {
  let cancel: (reason: unknown) => void;
  const cancelled = new Promise<unknown>((resolve) => {
    cancel = resolve;
  });
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(first)),
    cancel: (reason) => cancel(reason),
  });
  return { response: new Response(body), cancelled };
}

describe("answers of other servers", () => {
  it("are cut at the limit between characters", async () => {
    expect(await readResponseTextLimited(new Response("aä€"), 6)).toBe("aä€");
    expect(await readResponseTextLimited(new Response("aä€"), 5)).toBe("aä");
  });

  it("are given up after a time, and their connection with them", async () => {
    const { response, cancelled } = stalling();
    await expect(readProviderJsonResponse(response, "API", { timeoutMs: () => 5 })).rejects.toThrow(
      "timed out",
    );
    expect(String(await cancelled)).toContain("timed out");
  });

  it("become one line for a log, with the caller's error for a pause", async () => {
    expect(await readResponseTextSnippet(new Response("a\n  b "))).toBe("a b");
    expect(await readResponseTextSnippet(new Response("  "))).toBeUndefined();
    expect(await readResponseTextSnippet(new Response("abcdef"), { maxChars: 3 })).toBe("abc…");
    expect(await readResponseTextSnippet(new Response("abc"), { maxChars: 3 })).toBe("abc");
    const onIdleTimeout = ({ chunkTimeoutMs }: { chunkTimeoutMs: number }) =>
      new Error(`idle ${chunkTimeoutMs}`);
    await expect(
      readResponseTextSnippet(stalling().response, { chunkTimeoutMs: 5, onIdleTimeout }),
    ).rejects.toThrow("idle 5");
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

describe("a stream", () => {
  it("is read up to its limit", async () => {
    const read = (maxBytes: number) =>
      readByteStreamWithLimit(Readable.from([Buffer.from("ab"), "cd"]), {
        maxBytes,
        onOverflow: ({ size }) => new Error(`too much: ${size}`),
      });
    expect(String(await read(4))).toBe("abcd");
    await expect(read(3)).rejects.toThrow("too much: 4");
  });
});

describe("recording of traffic", () => {
  it("is off: the proxy an account is configured with stays", () => {
    expect(resolveEffectiveDebugProxyUrl(" http://p:1 ")).toBe("http://p:1");
    expect(resolveEffectiveDebugProxyUrl("")).toBeUndefined();
    expect(isDebugProxyGlobalFetchPatchInstalled()).toBe(false);
  });
});
