import { describe, expect, it } from "vitest";
import { contract } from "./support.ts";

/** Lets the test queue injections as the plugin would, and shows the outcome. */
const ENQUEUE = `
  api.registerGatewayMethod("probe.enqueue", ({ params }) =>
    api.session.workflow.enqueueNextTurnInjection(params), { scope: "operator.read" });
`;

describe("next-turn injections", () => {
  it("[F095] reach exactly the next turn of their session, in order and at their place", async () => {
    const { call, say } = await contract({ register: ENQUEUE });
    await say("hello");
    const queued = await call("probe.enqueue", { sessionKey: "main", text: "first fact" });
    expect(queued).toMatchObject({ enqueued: true, sessionKey: "agent:main:main", id: expect.any(String) });
    await call("probe.enqueue", { sessionKey: "main", text: "second fact" });
    await call("probe.enqueue", { sessionKey: "main", text: "an afterthought", placement: "append_context" });
    const answer = await say("and now?");
    expect(answer).toContain("first fact\n\nsecond fact\n\nand now?\n\nan afterthought");
    expect(await say("once more")).not.toContain("fact");
  });

  it("[F095] stay out of the transcript and of other sessions", async () => {
    const { call, say } = await contract({ register: ENQUEUE });
    await say("hello");
    await say("hello", "other");
    await call("probe.enqueue", { sessionKey: "main", text: "between us" });
    expect(await say("anything?", "other")).not.toContain("between us");
    expect(await say("anything?")).toContain("between us");
    const { messages } = await call("chat.history", { sessionKey: "main" });
    const said = messages.filter((message: { role: string }) => message.role === "user");
    expect(JSON.stringify(said)).not.toContain("between us");
  });

  it("[F095] with one key are queued once while they wait; later the key is free again", async () => {
    const { call, say } = await contract({ register: ENQUEUE });
    await say("hello");
    const injection = { sessionKey: "main", text: "keyed", idempotencyKey: "k1" };
    expect(await call("probe.enqueue", injection)).toMatchObject({ enqueued: true, id: "k1" });
    expect(await call("probe.enqueue", injection)).toMatchObject({ enqueued: false, id: "k1" });
    expect((await say("a")).match(/keyed/g)).toHaveLength(1);
    expect(await call("probe.enqueue", injection)).toMatchObject({ enqueued: true, id: "k1" });
    expect(await say("b")).toContain("keyed");
  });

  it("[F095] are refused without a session, a text, a valid place, or beyond 32 of one plugin", async () => {
    const { call, say } = await contract({ register: ENQUEUE });
    await say("hello");
    const refused = { enqueued: false, id: "" };
    for (const wrong of [
      { sessionKey: "unknown", text: "x" },
      { sessionKey: "main", text: "  " },
      { sessionKey: " ", text: "x" },
      { sessionKey: "main", text: "x".repeat(32_769) },
      { sessionKey: "main", text: "x", idempotencyKey: "k".repeat(513) },
      { sessionKey: "main", text: "x", idempotencyKey: "" },
      { sessionKey: "main", text: "x", placement: "middle" },
      { sessionKey: "main", text: "x", ttlMs: -1 },
    ]) {
      expect(await call("probe.enqueue", wrong), JSON.stringify(wrong).slice(0, 60)).toMatchObject(refused);
    }
    for (let count = 0; count < 32; count++) {
      expect((await call("probe.enqueue", { sessionKey: "main", text: `n${count}` })).enqueued).toBe(true);
    }
    expect(await call("probe.enqueue", { sessionKey: "main", text: "too many" })).toMatchObject(refused);
    await say("drain");
    expect((await call("probe.enqueue", { sessionKey: "main", text: "again" })).enqueued).toBe(true);
  });

  it("[F095] expire, and are gone after a reset", async () => {
    const { call, say } = await contract({ register: ENQUEUE });
    await say("hello");
    await call("probe.enqueue", { sessionKey: "main", text: "stale", ttlMs: 0 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await say("a")).not.toContain("stale");
    await call("probe.enqueue", { sessionKey: "main", text: "forgotten" });
    await call("sessions.reset", { key: "main" });
    expect(await say("b")).not.toContain("forgotten");
  });

  it("[F135, F095] are shown to agent_turn_prepare, which adds its own text around them", async () => {
    const { call, say, seen } = await contract({
      register: `${ENQUEUE}
        api.on("agent_turn_prepare", (event) => {
          seen.push(event);
          return { prependContext: "from the hook", appendContext: "and after" };
        });`,
    });
    await say("hello");
    await call("probe.enqueue", { sessionKey: "main", text: "injected", metadata: { a: 1 } });
    expect(await say("go")).toContain("injected\n\nfrom the hook\n\ngo\n\nand after");
    const [first, second] = await seen();
    expect(first).toMatchObject({ prompt: "hello", queuedInjections: [] });
    expect(second.queuedInjections).toMatchObject([
      { text: "injected", placement: "prepend_context", pluginId: "probe", metadata: { a: 1 } },
    ]);
    expect(second.messages.length).toBeGreaterThan(0);
  });

  it("[F112] are refused where allowPromptInjection is false, with every other prompt seam", async () => {
    const { call, say } = await contract({
      register: `${ENQUEUE}
        api.on("agent_turn_prepare", () => ({ prependContext: "SEAM" }));
        api.on("before_prompt_build", () => ({ appendContext: "SEAM", systemPrompt: "SEAM" }));
        api.on("heartbeat_prompt_contribution", () => ({ prependContext: "SEAM" }));
        api.on("before_agent_start", () => ({ prependContext: "SEAM" }));`,
      entry: { hooks: { allowPromptInjection: false, allowConversationAccess: true } },
    });
    await say("hello");
    expect(await call("probe.enqueue", { sessionKey: "main", text: "SEAM" })).toMatchObject({
      enqueued: false,
    });
    expect(await say("go")).not.toContain("SEAM");
    const { diagnostics } = await call("plugins.inspect", { pluginId: "probe" });
    expect(JSON.stringify(diagnostics)).toContain("allowPromptInjection");
  });

  it("[F112] queued before the operator said no are dropped instead of delivered", async () => {
    const { call, say } = await contract({ register: ENQUEUE });
    await say("hello");
    await call("probe.enqueue", { sessionKey: "main", text: "late word" });
    const { hash } = await call("config.get");
    const change = { plugins: { entries: { probe: { hooks: { allowPromptInjection: false } } } } };
    await call("config.patch", { raw: JSON.stringify(change), baseHash: hash });
    expect(await say("go")).not.toContain("late word");
  });
});
