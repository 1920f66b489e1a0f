import { describe, expect, it } from "vitest";
import type { ModelContext } from "../../../src/contracts/model-stream.ts";
import { FOREVER_MS, openRoom, say } from "./support.ts";

async function answerTo(room: Awaited<ReturnType<typeof openRoom>>, text = "hi") {
  const request = room.request({ text });
  await room.agent.accept(request);
  return room.agent.wait(request.runId, FOREVER_MS);
}

describe("agent-turn hooks", () => {
  it("[F135] puts contexts around the prompt and into the system prompt in order", async () => {
    let seen: ModelContext = { messages: [] };
    const room = await openRoom({
      hooks: {
        agent_turn_prepare: () => ({ prependContext: "first", appendContext: "after" }),
        before_prompt_build: () => ({
          prependContext: "second",
          systemPrompt: "You are a pirate.",
          prependSystemContext: "Top.",
          appendSystemContext: "Bottom.",
        }),
      },
      script: (context) => {
        seen = context;
        return say("aye");
      },
    });
    await answerTo(room, "ahoy");
    expect(seen.messages.at(-1)?.content).toBe("first\n\nsecond\n\nahoy\n\nafter");
    expect(seen.systemPrompt).toBe("Top.\n\nYou are a pirate.\n\nBottom.");
    expect(await room.transcript()).toEqual(["user: ahoy", "assistant: aye"]);
  });

  it("[F136] chooses the model, the newer hook before the legacy one", async () => {
    const used: string[] = [];
    const room = await openRoom({
      hooks: {
        before_agent_start: () => ({ modelOverride: "scripted/one" }),
        before_model_resolve: () => ({ providerOverride: "scripted", modelOverride: "two" }),
        llm_input: (event: { model: string }) => void used.push(event.model),
      },
    });
    await answerTo(room);
    expect(used).toEqual(["two"]);
  });

  it("[F137] still takes prompt fields from the legacy hook", async () => {
    let prompt: string | undefined;
    const room = await openRoom({
      hooks: { before_agent_start: () => ({ prependContext: "old way", systemPrompt: "Legacy." }) },
      script: (context) => {
        prompt = `${context.systemPrompt} | ${context.messages.at(-1)?.content}`;
        return say("ok");
      },
    });
    await answerTo(room);
    expect(prompt).toBe("Legacy. | old way\n\nhi");
  });

  it("takes a blocked message back out of the transcript and asks no model", async () => {
    let asked = 0;
    const updates: unknown[] = [];
    const room = await openRoom({
      hooks: {
        before_agent_run: () => ({
          outcome: "block",
          reason: "secret reason",
          message: "No.",
          category: "policy",
        }),
      },
      script: () => {
        asked += 1;
        return say("never");
      },
    });
    room.agent.onTranscript((update) => updates.push(JSON.parse(update.entry.body)));
    expect(await answerTo(room, "forbidden words")).toMatchObject({
      status: "done",
      payloads: [{ text: "No." }],
    });
    expect(asked).toBe(0);
    expect(await room.transcript()).toEqual(["user: (blocked message)", "assistant: No."]);
    expect(JSON.stringify([updates, room.events])).not.toMatch(/forbidden words|secret reason/);
  });

  it("blocks when the gate itself fails", async () => {
    const room = await openRoom({
      hooks: {
        before_agent_run: () => {
          throw new Error("gate down");
        },
      },
    });
    expect(await answerTo(room)).toMatchObject({ payloads: [{ text: expect.stringContaining("blocked") }] });
  });

  it("lets a plugin answer instead of the model, or keep silent", async () => {
    const replies = [{ handled: true, reply: { text: "from a plugin" } }, { handled: true }];
    const room = await openRoom({ hooks: { before_agent_reply: () => replies.shift() } });
    expect(await answerTo(room)).toMatchObject({ payloads: [{ text: "from a plugin" }] });
    expect(await answerTo(room)).toMatchObject({ status: "done", payloads: [] });
  });

  it("tells observers about input, output and end", async () => {
    const seen: [string, object][] = [];
    const note = (name: string) => (event: object) => void seen.push([name, event]);
    const room = await openRoom({
      hooks: {
        session_start: note("session_start"),
        llm_input: note("llm_input"),
        llm_output: note("llm_output"),
        agent_end: note("agent_end"),
      },
      script: () => say("fine"),
    });
    await answerTo(room);
    expect(seen.map(([name]) => name)).toEqual(["session_start", "llm_input", "llm_output", "agent_end"]);
    expect(seen[2]?.[1]).toMatchObject({ assistantTexts: ["fine"], usage: { input: 10, output: 3 } });
    expect(seen[3]?.[1]).toMatchObject({ success: true });
  });
});
