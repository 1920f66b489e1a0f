import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  imagesOf,
  isStopRequest,
  MAX_ATTACHMENT_BYTES,
  resetRequest,
  sanitizeMessage,
} from "../../../src/runtime/sessions/chat-input.ts";
import { displayMessage, MAX_ROW_BYTES } from "../../../src/runtime/sessions/display.ts";
import {
  canonicalSessionKey,
  isMainSession,
  sessionKind,
} from "../../../src/runtime/sessions/session-key.ts";
import { SESSION_DELETE_BATCH } from "../../../src/store/procedures/sessions.ts";
import type { TranscriptRecord } from "../../../src/store/procedures/transcripts.ts";
import { openRoom } from "../agent/support.ts";

const options = { agentId: "main", mainKey: "main" };
const key = (raw: string) => canonicalSessionKey(raw, options).sessionKey;

const entry = (message: object, fields: Partial<TranscriptRecord> = {}): TranscriptRecord => ({
  sessionId: "s",
  seq: 1,
  entryId: "e",
  type: "message",
  body: JSON.stringify(message),
  createdAt: 5,
  ...fields,
});

describe("session keys", () => {
  it("have one canonical form", () => {
    expect(key("main")).toBe("agent:main:main");
    expect(key("Work")).toBe("agent:main:work");
    expect(key("agent:Two:Irc:Group:#Room")).toBe("agent:two:irc:group:#room");
    expect(key("global")).toBe("global");
    expect(key("x:group:!OpaqueRoom:server")).toBe("agent:main:x:group:!OpaqueRoom:server");
    for (const bad of ["", "agent:", "agent:x", "agent:x:", "agent:x::y", ":y", "x".repeat(513)]) {
      expect(() => key(bad)).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }));
    }
    expect(isMainSession("agent:two:main", "main")).toBe(true);
    expect(sessionKind("agent:main:irc:group:#room")).toBe("group");
  });

  it("do not change when made canonical twice", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 60 }), (raw) => {
        let once: string;
        try {
          once = key(raw);
        } catch {
          return;
        }
        expect(key(once)).toBe(once);
      }),
    );
  });
});

describe("what a user types", () => {
  it("recognises a request to stop in several languages and nothing longer", () => {
    for (const text of ["/stop", "STOP!!", " please   stop. ", "arrête", "停止。", "do not do that"]) {
      expect(isStopRequest(text)).toBe(true);
    }
    for (const text of ["stop the car", "don't", "nonstop", ""]) expect(isStopRequest(text)).toBe(false);
    expect(resetRequest("/new model please")).toEqual({ reason: "new", rest: "model please" });
    expect(resetRequest("/reset")).toEqual({ reason: "reset", rest: "" });
    expect(resetRequest("/news")).toBeUndefined();
  });

  it("is cleaned without losing lines, tabs or letters", () => {
    expect(sanitizeMessage("a\r\nb\tc\u0000\u001b[1m")).toBe("a\nb\tc[1m");
    fc.assert(
      fc.property(fc.string(), (text) => sanitizeMessage(sanitizeMessage(text)) === sanitizeMessage(text)),
    );
  });

  it("limits attachments together", () => {
    const png = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(6_000_000)]).toString(
      "base64",
    );
    expect(imagesOf([{ content: `data:image/png;base64,${png}` }])).toMatchObject([
      { mimeType: "image/png" },
    ]);
    expect(() => imagesOf(Array.from({ length: 4 }, () => ({ content: png })))).toThrow(
      String(MAX_ATTACHMENT_BYTES),
    );
  });
});

describe("what people see", () => {
  it("hides silent answers, directives and control tokens, and cuts long texts", () => {
    const said = (text: string) =>
      entry({ role: "assistant", content: [{ type: "text", text }], timestamp: 1 });
    expect(displayMessage(said(" NO_REPLY "))).toBeUndefined();
    expect(displayMessage(said("[[reply_to_current]] hi <|end|>"))?.["content"]).toEqual([
      { type: "text", text: "hi" },
    ]);
    expect(displayMessage(said("x".repeat(50)), 10)?.["content"]).toEqual([
      { type: "text", text: `${"x".repeat(10)}\n…(truncated)` },
    ]);
    const typed = entry(
      { role: "user", content: "[[reply_to_current]]", timestamp: 1 },
      { idempotencyKey: "r:user" },
    );
    expect(displayMessage(typed)).toMatchObject({
      content: "[[reply_to_current]]",
      idempotencyKey: "r:user",
    });
    const huge = entry({ role: "user", content: "y".repeat(MAX_ROW_BYTES), timestamp: 1 });
    expect(displayMessage(huge, MAX_ROW_BYTES)).toMatchObject({ __openclaw: { truncated: true } });
    expect(displayMessage(entry({ nonsense: true }))).toBeUndefined();
  });
});

describe("session rows", () => {
  it("page without gaps or repeats, whatever is pinned", async () => {
    const { store } = await openRoom();
    for (let index = 0; index < 30; index++) {
      const sessionKey = `agent:main:s${index}`;
      await store.call.sessions.patch({
        sessionKey,
        create: { agentId: "main", sessionId: `id-${index}`, lifecycleRevision: "r" },
        now: index,
      });
      if (index % 7 === 0) await store.call.sessions.patch({ sessionKey, pinned: true, now: 100 + index });
    }
    const seen: string[] = [];
    for (let offset = 0; ; ) {
      const page = await store.call.sessions.list({ limit: 4, offset });
      seen.push(...page.sessions.map((session) => session.sessionKey));
      expect(page.totalCount).toBe(30);
      offset += page.sessions.length;
      if (!page.hasMore) break;
    }
    expect(new Set(seen).size).toBe(30);
    expect(seen.slice(0, 5)).toEqual([28, 21, 14, 7, 0].map((index) => `agent:main:s${index}`));
    expect(seen[5]).toBe("agent:main:s29");
  });

  it("delete a long transcript in steps", async () => {
    const { store } = await openRoom();
    const sessionKey = "agent:main:long";
    await store.call.sessions.patch({
      sessionKey,
      create: { agentId: "main", sessionId: "long", lifecycleRevision: "r" },
      now: 1,
    });
    const entries = Array.from({ length: SESSION_DELETE_BATCH + 1 }, (_, index) => ({
      entryId: `e${index}`,
      body: "{}",
    }));
    await store.call.transcripts.append({ sessionKey, entries, now: 1 });
    const steps = [];
    for (let done = false; !done; ) {
      const step = await store.call.sessions.delete({ sessionKey, deleteTranscript: true, now: 1 });
      steps.push(step.deleted);
      done = step.done;
    }
    expect(steps).toEqual([false, true]);
    expect(await store.call.transcripts.entry({ entryId: "e5000" })).toBeUndefined();
  });
});
