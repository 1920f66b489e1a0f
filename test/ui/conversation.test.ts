import { describe, expect, it } from "vitest";
import {
  type Conversation,
  emptyConversation,
  fromHistory,
  MAX_ENTRIES,
  withEvent,
  withFailure,
  withTool,
  withUserMessage,
} from "../../ui/src/conversation.ts";
import type { ChatEvent, Message } from "../../ui/src/wire.ts";

const event = (state: ChatEvent["state"], more: Partial<ChatEvent> = {}): ChatEvent => ({
  runId: "r1",
  sessionKey: "agent:main:main",
  state,
  ...more,
});

const assistant = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] });
const texts = (conversation: Conversation) => conversation.entries.map((entry) => entry.text);
const last = (conversation: Conversation) => conversation.entries.at(-1);

describe("the conversation on the page", () => {
  it("shows a message at once and its reply as it grows", () => {
    let conversation = withUserMessage(emptyConversation, "r1", "hello");
    expect(texts(conversation)).toEqual(["hello", ""]);
    expect(conversation.activeRun).toBe("r1");
    conversation = withEvent(conversation, event("status"));
    conversation = withEvent(conversation, event("delta", { deltaText: "Good" }));
    conversation = withEvent(conversation, event("delta", { deltaText: " day" }));
    expect(last(conversation)).toMatchObject({ text: "Good day", streaming: true });
    conversation = withEvent(conversation, event("final", { message: assistant("Good day!") }));
    expect(last(conversation)).toMatchObject({ text: "Good day!", streaming: false, role: "assistant" });
    expect(conversation.activeRun).toBeUndefined();
    expect(conversation.entries).toHaveLength(2);
  });

  it("believes the cumulative text over the sum of the deltas", () => {
    const conversation = withEvent(
      withUserMessage(emptyConversation, "r1", "x"),
      event("delta", { deltaText: "lo", message: assistant("hello") }),
    );
    expect(last(conversation)?.text).toBe("hello");
  });

  it("starts over when a delta replaces the text", () => {
    let conversation = withEvent(emptyConversation, event("delta", { deltaText: "wrong" }));
    conversation = withEvent(conversation, event("delta", { deltaText: "right", replace: true }));
    expect(texts(conversation)).toEqual(["right"]);
  });

  it("keeps the part that was said when a run is stopped", () => {
    let conversation = withEvent(emptyConversation, event("delta", { deltaText: "half" }));
    conversation = withEvent(conversation, event("aborted"));
    expect(last(conversation)).toMatchObject({ text: "half", note: "stopped", streaming: false });
  });

  it("shows why a run failed", () => {
    const conversation = withEvent(
      emptyConversation,
      event("error", { errorMessage: "no model is configured" }),
    );
    expect(last(conversation)).toMatchObject({ role: "problem", text: "no model is configured" });
  });

  it("shows a message the gateway did not take as a problem", () => {
    const conversation = withFailure(withUserMessage(emptyConversation, "r1", "x"), "r1", "server is busy");
    expect(last(conversation)).toMatchObject({ role: "problem", text: "server is busy" });
    expect(conversation.activeRun).toBeUndefined();
  });

  it("leaves nothing behind for a silent reply", () => {
    const conversation = withEvent(withUserMessage(emptyConversation, "r1", "x"), event("final"));
    expect(texts(conversation)).toEqual(["x"]);
  });

  it("shows a tool at work between what the agent says before and after it, once", () => {
    const tool = (phase: "start" | "update" | "result", text?: string) => ({
      runId: "r1",
      sessionKey: "agent:main:main",
      data: { phase, name: "clock", toolCallId: "c1", ...(text ? { result: { content: text } } : {}) },
    });
    let conversation = withUserMessage(emptyConversation, "r1", "what time is it?");
    conversation = withEvent(conversation, event("delta", { deltaText: "Let me look." }));
    conversation = withTool(conversation, tool("start"));
    expect(conversation.entries.slice(1)).toMatchObject([
      { role: "assistant", text: "Let me look.", streaming: false },
      { role: "tool", note: "clock", text: "", streaming: true },
      { role: "assistant", text: "", streaming: true },
    ]);
    conversation = withTool(conversation, tool("update"));
    conversation = withTool(conversation, tool("result", "12:00"));
    conversation = withEvent(conversation, event("final", { message: assistant("Noon.") }));
    const said = ["what time is it?", "Let me look.", "12:00", "Noon."];
    expect(texts(conversation)).toEqual(said);
    expect(conversation.entries.some(({ streaming }) => streaming)).toBe(false);
    const messages: Message[] = [
      { role: "user", content: said[0] as string, idempotencyKey: "r1" },
      { ...assistant("Let me look."), __openclaw: { runId: "r1" } },
      { role: "toolResult", toolName: "clock", content: "12:00", __openclaw: { runId: "r1" } },
      { ...assistant("Noon."), __openclaw: { runId: "r1" } },
    ];
    expect(texts(fromHistory({ messages }, conversation))).toEqual(said);
  });

  it("a tool that was stopped works no longer", () => {
    const start = { phase: "start", name: "clock", toolCallId: "c1" } as const;
    const begun = withTool(emptyConversation, { runId: "r1", sessionKey: "agent:main:main", data: start });
    const stopped = withEvent(begun, event("aborted"));
    expect(stopped.entries).toMatchObject([
      { role: "tool", streaming: false },
      { role: "assistant", note: "stopped" },
    ]);
  });

  it("comes back from history with the reply that is still being written", () => {
    const conversation = fromHistory({
      messages: [
        { role: "user", content: "hi" },
        assistant("hello"),
        { role: "toolResult", toolName: "clock", content: [{ type: "text", text: "12:00" }] },
        { role: "assistant", content: [{ type: "toolCall", name: "clock" }] },
      ],
      inFlightRun: { runId: "r1", text: "It is" },
    });
    expect(conversation.entries.map(({ role, text }) => [role, text])).toEqual([
      ["user", "hi"],
      ["assistant", "hello"],
      ["tool", "12:00"],
      ["assistant", "It is"],
    ]);
    expect(conversation.activeRun).toBe("r1");
    const grown = withEvent(conversation, event("delta", { deltaText: " noon" }));
    expect(last(grown)?.text).toBe("It is noon");
  });

  it("keeps what was sent while the history was on its way, once", () => {
    const shown = withEvent(withUserMessage(emptyConversation, "r2", "new"), {
      ...event("delta", { deltaText: "ans" }),
      runId: "r2",
    });
    const older = { messages: [{ role: "user", content: "old" }, assistant("reply")] };
    const merged = fromHistory(older, shown);
    expect(texts(merged)).toEqual(["old", "reply", "new", "ans"]);
    expect(merged.activeRun).toBe("r2");
    const newer = {
      messages: [
        ...older.messages,
        { role: "user", content: "new", idempotencyKey: "r2" },
        { ...assistant("answer"), __openclaw: { runId: "r2" } },
      ],
    };
    expect(texts(fromHistory(newer, shown))).toEqual(["old", "reply", "new", "answer"]);
    expect(
      texts(
        fromHistory(
          { messages: newer.messages.slice(0, 3), inFlightRun: { runId: "r2", text: "answ" } },
          shown,
        ),
      ),
    ).toEqual(["old", "reply", "new", "answ"]);
  });

  describe("when a run ends while the history is on its way", () => {
    const runId = "r3";
    const asked = {
      role: "user",
      content: "now",
      idempotencyKey: `${runId}:user`,
      __openclaw: { runId },
    } satisfies Message;
    const answered = { ...assistant("done"), __openclaw: { id: "m2", runId } };
    const final = { ...event("final", { message: assistant("done") }), runId };
    const sent = withUserMessage(emptyConversation, runId, "now");

    it("believes the end it was told over a history that is older", () => {
      const told = withEvent(sent, final);
      const merged = fromHistory({ messages: [asked], inFlightRun: { runId, text: "do" } }, told);
      expect(texts(merged)).toEqual(["now", "done"]);
      expect(last(merged)?.streaming).toBe(false);
      expect(merged.activeRun).toBeUndefined();
    });

    it("shows a reply once whose end is told after the history that has it", () => {
      const merged = withEvent(fromHistory({ messages: [asked, answered] }, sent), final);
      expect(texts(merged)).toEqual(["now", "done"]);
      expect(merged.activeRun).toBeUndefined();
      const failed = { ...event("error", { errorMessage: "no model" }), runId };
      const problem = { role: "assistant", content: [], errorMessage: "no model", __openclaw: { runId } };
      expect(texts(withEvent(fromHistory({ messages: [asked, problem] }, sent), failed))).toEqual([
        "now",
        "no model",
      ]);
    });

    it("waits no longer for a run that ended silently while the connection was lost", () => {
      const merged = fromHistory({ messages: [asked] }, sent);
      expect(texts(merged)).toEqual(["now"]);
      expect(merged.activeRun).toBeUndefined();
      expect(texts(withEvent(merged, { ...event("delta", { deltaText: "still" }), runId }))).toEqual([
        "now",
        "still",
      ]);
    });
  });

  it("holds a bounded number of entries", () => {
    let conversation = emptyConversation;
    for (let index = 0; index < MAX_ENTRIES; index++)
      conversation = withUserMessage(conversation, `r${index}`, "x");
    expect(conversation.entries).toHaveLength(MAX_ENTRIES);
  });
});
