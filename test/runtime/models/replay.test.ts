import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message } from "../../../src/contracts/messages.ts";
import { applyReplayPolicy, CONVERSATION_GOES_ON } from "../../../src/runtime/models/replay.ts";
import { assistant, say } from "../agent/support.ts";

const user = (content: string): Message => ({ role: "user", content, timestamp: 1 });
const result = (toolCallId: string): Message => ({
  role: "toolResult",
  toolCallId,
  toolName: "look",
  content: [{ type: "text", text: "seen" }],
  isError: false,
  timestamp: 1,
});
const thought = (thinking: string) => ({ type: "thinking" as const, thinking });
const called = (...ids: string[]) =>
  assistant(ids.map((id) => ({ type: "toolCall" as const, id, name: "look", arguments: {} })));

function idsIn(messages: readonly Message[]): string[] {
  return messages.flatMap((message) => {
    if (message.role === "toolResult") return [message.toolCallId];
    if (message.role !== "assistant") return [];
    return message.content.flatMap((part) => (part.type === "toolCall" ? [part.id] : []));
  });
}

describe("what of a conversation is sent again", () => {
  it("is all of it when the policy says nothing", () => {
    const messages = [user("a"), say("b"), user("c")];
    expect(applyReplayPolicy(messages, {})).toEqual(messages);
  });

  it("leaves the thoughts of earlier turns out and keeps those of the current one", () => {
    const before = assistant([thought("old"), { type: "text", text: "b" }]);
    const now = assistant([thought("new"), { type: "toolCall", id: "1", name: "look", arguments: {} }]);
    const messages = [user("a"), before, user("c"), now, result("1")];
    const sent = applyReplayPolicy(messages, { dropReasoningFromHistory: true });
    expect(sent[1]).toMatchObject({ content: [{ type: "text", text: "b" }] });
    expect(sent[3]).toBe(now);
    expect(before.content).toHaveLength(2);
    const none = applyReplayPolicy(messages, { dropThinkingBlocks: true });
    expect(JSON.stringify(none)).not.toContain("thinking");
  });

  it("drops a message that was nothing but thought", () => {
    const messages = [user("a"), assistant([thought("only")]), user("b")];
    expect(applyReplayPolicy(messages, { dropThinkingBlocks: true })).toEqual([user("a"), user("b")]);
  });

  it.each([
    ["strict", /^[A-Za-z0-9]+$/],
    ["strict9", /^[A-Za-z0-9]{9}$/],
  ] as const)(
    "gives calls ids of the alphabet %s, each its own, and results that of their call",
    (mode, form) => {
      fc.assert(
        fc.property(fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { maxLength: 8 }), (ids) => {
          const messages = [user("a"), called(...ids), ...ids.map(result)];
          const sent = idsIn(
            applyReplayPolicy(messages, { sanitizeToolCallIds: true, toolCallIdMode: mode }),
          );
          const [calls, results] = [sent.slice(0, ids.length), sent.slice(ids.length)];
          expect(results).toEqual(calls);
          expect(new Set(calls).size).toBe(ids.length);
          for (const id of calls) expect(id).toMatch(form);
        }),
      );
    },
  );

  it("keeps ids that are plain already", () => {
    const messages = [called("abcdefghi", "ab_c", "abc"), result("abcdefghi")];
    const sent = applyReplayPolicy(messages, { sanitizeToolCallIds: true });
    expect(idsIn(sent).slice(0, 2)).toEqual(["abcdefghi", "abc"]);
    const nine = applyReplayPolicy(messages, { sanitizeToolCallIds: true, toolCallIdMode: "strict9" });
    expect(idsIn(nine)[0]).toBe("abcdefghi");
  });

  it("joins turns of one side and lets the user speak first where a provider insists", () => {
    const messages = [say("hello"), user("a"), user("b"), say("c"), say("d")];
    const sent = applyReplayPolicy(messages, {
      applyAssistantFirstOrderingFix: true,
      validateAnthropicTurns: true,
      validateGeminiTurns: true,
    });
    expect(sent.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"]);
    expect(sent[0]).toMatchObject({ content: CONVERSATION_GOES_ON });
    expect(sent[2]).toMatchObject({ content: "a\n\nb" });
    expect(sent[3]).toMatchObject({ content: [{ text: "c" }, { text: "d" }] });
  });

  it("keeps signatures of calls that are base64 where no others are taken", () => {
    const signed = assistant([
      { type: "toolCall", id: "1", name: "look", arguments: {}, thoughtSignature: "AAAA" },
      { type: "toolCall", id: "2", name: "look", arguments: {}, thoughtSignature: "not base64" },
    ]);
    const [sent] = applyReplayPolicy([signed], { sanitizeThoughtSignatures: { allowBase64Only: true } });
    expect(sent?.content).toEqual([
      expect.objectContaining({ thoughtSignature: "AAAA" }),
      expect.not.objectContaining({ thoughtSignature: expect.anything() }),
    ]);
  });
});
