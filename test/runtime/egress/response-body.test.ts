import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import {
  readByteStreamWithLimit,
  readResponseTextLimited,
  readResponseTextSnippet,
} from "../../../src/runtime/egress/response-body.ts";
import { stalling } from "./support.ts";

describe("answers of other servers", () => {
  it("are cut at the limit between characters", async () => {
    expect(await readResponseTextLimited(new Response("aä€"), 6)).toBe("aä€");
    expect(await readResponseTextLimited(new Response("aä€"), 5)).toBe("aä");
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
