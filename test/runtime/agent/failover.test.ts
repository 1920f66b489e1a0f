import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AssistantMessage } from "../../../src/contracts/messages.ts";
import type { AssistantMessageEvent } from "../../../src/contracts/model-stream.ts";
import type { ProviderPlugin } from "../../../src/contracts/provider.ts";
import { MAX_ATTEMPT_CHARS, MAX_CANDIDATES } from "../../../src/runtime/agent/failover.ts";
import type { TurnRequest } from "../../../src/store/records.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { assistant, call, eventsOf, FOREVER_MS, openRoom, type Script, say } from "./support.ts";

const fail = (errorCode: string | undefined, errorMessage = "no") =>
  assistant([], { stopReason: "error", errorMessage, ...(errorCode ? { errorCode } : {}) });

type Answer = AssistantMessage | AsyncIterable<AssistantMessageEvent>;

/** A room whose providers each have a model `m`; `asked` gets their names in the order they are asked. */
async function models(
  answers: Record<string, Answer | ((...args: Parameters<Script>) => Answer)>,
  model: object | string,
  more: Omit<NonNullable<Parameters<typeof openRoom>[0]>, "providers" | "config"> = {},
) {
  const asked: string[] = [];
  const providers: Record<string, ProviderPlugin> = {};
  const rounds: Record<string, number> = {};
  for (const [id, answer] of Object.entries(answers)) {
    providers[id] = {
      id,
      label: id,
      auth: [],
      catalog: { run: () => ({ provider: { api: "test", models: [{ id: "m" }, { id: "n" }] } }) },
      createStreamFn:
        () =>
        (_model, context, options = {}) => {
          asked.push(id);
          const round = rounds[id] ?? 0;
          rounds[id] = round + 1;
          const given = typeof answer === "function" ? answer(context, options, round) : answer;
          const made = Symbol.asyncIterator in given ? given : eventsOf(given);
          return Object.assign(made, { result: () => Promise.reject(new Error("not used")) }) as never;
        },
    };
  }
  const room = await openRoom({ ...more, providers, config: { agents: { defaults: { model } } } });
  const turn = async (fields: Partial<TurnRequest> = {}) => {
    const request = room.request(fields);
    await room.agent.accept(request);
    return room.agent.wait(request.runId, FOREVER_MS);
  };
  const terminals = () =>
    room.events.filter(({ data }) => ["end", "error"].includes(String(data["phase"]))).length;
  return { ...room, asked, turn, terminals };
}

const AB = { primary: "a/m", fallbacks: ["b/m"] };

describe("a model that does not answer", () => {
  it.each([
    "auth",
    "auth_permanent",
    "billing",
    "rate_limit",
    "overloaded",
    "timeout",
    "server_error",
    "model_not_found",
    "format",
    "tls_certificate",
    "unknown",
    undefined,
  ])("for the reason %s gives way to the next, and the turn has one end", async (reason) => {
    const room = await models({ a: fail(reason), b: say("from b") }, AB);
    const outcome = await room.turn();
    expect(outcome).toMatchObject({ status: "done", provider: "b", model: "m" });
    expect(outcome?.payloads.at(-1)).toEqual({ text: "from b" });
    expect(room.asked).toEqual(["a", "b"]);
    expect(room.terminals()).toBe(1);
    expect(await room.transcript()).toEqual(["user: hi", "assistant: from b"]);
    const told = room.events.filter(({ data }) => data["phase"] === "model");
    expect(told.map(({ data }) => data["provider"])).toEqual(["a", "b"]);
  });

  it("has its error told when nothing can take its place", async () => {
    const room = await models({ a: fail("rate_limit", "slow down") }, "a/m");
    expect(await room.turn()).toMatchObject({
      status: "failed",
      error: { code: "rate_limit", message: "slow down" },
    });
    expect(room.terminals()).toBe(1);
  });

  it("keeps its place when the conversation is too long for it", async () => {
    const room = await models({ a: fail("context_overflow", "too long"), b: say("from b") }, AB);
    expect(await room.turn()).toMatchObject({ status: "failed", error: { code: "context_overflow" } });
    expect(room.asked).toEqual(["a"]);
  });

  it("keeps its place when it had begun to speak", async () => {
    async function* breaksOff(): AsyncGenerator<AssistantMessageEvent> {
      yield { type: "text_delta", contentIndex: 0, delta: "I was about" };
      yield { type: "error", reason: "error", error: fail("server_error", "gone") };
    }
    const room = await models({ a: breaksOff(), b: say("from b") }, AB);
    expect(await room.turn()).toMatchObject({ status: "failed", error: { message: "gone" } });
    expect(room.asked).toEqual(["a"]);
  });

  it("gives way when it says nothing, even when asked again", async () => {
    const room = await models({ a: say(" "), b: say("from b") }, AB);
    expect(await room.turn()).toMatchObject({ status: "done", provider: "b" });
    expect(room.asked).toEqual(["a", "a", "b"]);
  });

  it("gives way when nobody knows it", async () => {
    const room = await models({ b: say("from b") }, { primary: "gone/m", fallbacks: ["lost/m", "b/m"] });
    expect(await room.turn()).toMatchObject({ status: "done", provider: "b" });
  });

  it("is not replaced when the turn is stopped", async () => {
    let stop = () => {};
    const room = await models(
      {
        a: (_context, options) => {
          async function* waits(): AsyncGenerator<AssistantMessageEvent> {
            await new Promise<void>((resolve) => {
              options.signal?.addEventListener("abort", () => resolve());
              stop();
            });
            yield { type: "error", reason: "aborted", error: fail("timeout") };
          }
          return waits();
        },
        b: say("from b"),
      },
      AB,
    );
    const request = room.request();
    stop = () =>
      void room.agent.abort({ sessionKey: request.sessionKey, runId: request.runId, reason: "stop" });
    await room.agent.accept(request);
    expect(await room.agent.wait(request.runId, FOREVER_MS)).toMatchObject({ status: "aborted" });
    expect(room.asked).toEqual(["a"]);
  });
});

describe("when no model answers", () => {
  it("the turn fails once and names each try", async () => {
    const room = await models(
      { a: fail("auth", "401 wrong key"), b: fail("overloaded", "x".repeat(MAX_ATTEMPT_CHARS + 1)) },
      { primary: "a/m", fallbacks: ["gone/m", "b/m"] },
    );
    const outcome = await room.turn();
    expect(outcome).toMatchObject({ status: "failed", error: { code: "MODELS_FAILED" } });
    expect(outcome?.error?.message).toMatch(
      /^no model answered: a\/m: auth \(401 wrong key\); gone\/m: model_not_found \(.+\); b\/m: overloaded \(x{200}…\)$/,
    );
    expect(outcome?.payloads).toHaveLength(1);
    expect(room.terminals()).toBe(1);
    expect(await room.transcript()).toHaveLength(2);
  });

  it("and none is known, the turn fails before any is asked", async () => {
    const room = await models({ a: say("x") }, { primary: "gone/m", fallbacks: ["lost/m"] });
    const outcome = await room.turn();
    expect(outcome).toMatchObject({ status: "failed", error: { code: "MODELS_FAILED" } });
    expect(outcome?.error?.message).toContain("gone/m: model_not_found");
    const alone = await models({ a: say("x") }, "gone/m");
    expect(await alone.turn()).toMatchObject({ error: { code: "MODEL_UNKNOWN" } });
  });

  it(`no more than ${MAX_CANDIDATES} are tried`, async () => {
    const fallbacks = Array.from({ length: MAX_CANDIDATES + 4 }, (_, index) => `gone/${index}`);
    const room = await models(
      { a: fail("auth"), b: say("too late") },
      { primary: "a/m", fallbacks: [...fallbacks, "b/m"] },
    );
    const outcome = await room.turn();
    expect(outcome?.error?.message.match(/model_not_found/g)).toHaveLength(MAX_CANDIDATES - 1);
  });
});

describe("which models a run may use", () => {
  const all = () => ({ a: fail("auth"), b: fail("auth"), c: fail("auth"), d: fail("auth") });
  const chain = { primary: "a/m", fallbacks: ["b/m", "a/m", "c/m"] };

  it.each<[string, Partial<TurnRequest>, string[]]>([
    ["the agent's and its fallbacks, each once", {}, ["a", "b", "c"]],
    ["the one that is asked for, the fallbacks, the agent's own", { model: "d/m" }, ["d", "b", "a", "c"]],
    ["only the one that a user chose", { sessionPatch: { modelOverride: "d/m" } }, ["d"]],
    ["also with its provider apart", { sessionPatch: { modelOverride: "m", providerOverride: "d" } }, ["d"]],
    ["exactly those that the request names", { context: { modelFallbacks: ["c/m"] } }, ["a", "c"]],
    ["none when the request names none", { model: "d/m", context: { modelFallbacks: [] } }, ["d"]],
  ])("%s", async (_name, fields, expected) => {
    const room = await models(all(), chain);
    expect(await room.turn(fields)).toMatchObject({ status: "failed" });
    expect(room.asked).toEqual(expected);
  });

  it("a hook's choice comes first, and the rest behind it", async () => {
    const hooks = { before_model_resolve: () => ({ modelOverride: "m", providerOverride: "d" }) };
    const room = await models(all(), chain, { hooks });
    await room.turn({ sessionPatch: { modelOverride: "c/m" } });
    expect(room.asked).toEqual(["d", "b", "a", "c"]);
  });
});

describe("the model that stands in", () => {
  const look = {
    name: "look",
    description: "Looks.",
    parameters: { type: "object", properties: {} },
    execute: async () => ({ content: [{ type: "text" as const, text: "seen" }] }),
  };

  it("goes on where the other stopped, with the results of its tools, and stays for the run", async () => {
    const room = await models(
      {
        a: (_context, _options, round) => (round === 0 ? call("look", {}) : fail("overloaded")),
        b: (context, _options, round) =>
          round === 0 ? call("look", {}, "again") : say(context.messages.map(({ role }) => role).join(",")),
      },
      AB,
      { tools: [look] },
    );
    expect((await room.turn())?.payloads.at(-1)?.text).toBe("user,assistant,toolResult,assistant,toolResult");
    expect(room.asked).toEqual(["a", "a", "b", "b"]);
    expect(await room.transcript()).toHaveLength(6);
    expect(room.terminals()).toBe(1);
  });

  it("is announced once, and the first is tried again in the next turn", async () => {
    let sick = true;
    const room = await models({ a: () => (sick ? fail("overloaded") : say("from a")), b: say("from b") }, AB);
    const notice = "↪️ a/m did not answer (overloaded); b/m answers instead.";
    expect((await room.turn())?.payloads).toEqual([
      { text: notice, isFallbackNotice: true },
      { text: "from b" },
    ]);
    expect((await room.turn())?.payloads).toEqual([{ text: "from b" }]);
    sick = false;
    expect((await room.turn())?.payloads).toEqual([{ text: "from a" }]);
    sick = true;
    expect((await room.turn())?.payloads).toHaveLength(2);
    expect(room.asked).toEqual(["a", "b", "a", "b", "a", "a", "b"]);
  });

  it("is what plugins are told of, call by call, and one end of the agent", async () => {
    const told: string[] = [];
    const room = await models({ a: fail("billing", "pay first"), b: say("from b") }, AB, {
      hooks: {
        model_call_started: ({ provider }: { provider: string }) => void told.push(`start ${provider}`),
        model_call_ended: (event: { provider: string; outcome: string; errorCategory?: string }) =>
          void told.push(`end ${event.provider} ${event.outcome} ${event.errorCategory ?? "-"}`),
        agent_end: (event: { success: boolean }, context: { modelProviderId?: string }) =>
          void told.push(`agent ${event.success} ${context.modelProviderId}`),
      },
    });
    await room.turn();
    expect(told).toEqual(["start a", "end a error billing", "start b", "end b completed -", "agent true b"]);
  });
});

describe("sign-ins of models that do not answer", () => {
  const key = (provider: string, text: string) => ({ type: "api_key", provider, key: text });

  /** The keys that are asked with, in order; those in `bad` fail for their reason. */
  async function signedIn(
    profiles: Record<string, object>,
    bad: Record<string, string>,
    model: object = AB,
    stored: object = {},
  ) {
    const folder = await temporaryFolder();
    const agent = join(folder, "agents", "main", "agent");
    await mkdir(agent, { recursive: true });
    await writeFile(join(agent, "auth-profiles.json"), JSON.stringify({ profiles, ...stored }));
    const keys: string[] = [];
    const answer = (_context: unknown, { apiKey = "none" }: { apiKey?: string }) => {
      keys.push(apiKey);
      return apiKey in bad ? fail(bad[apiKey]) : say(`with ${apiKey}`);
    };
    const room = await models({ a: answer, b: answer }, model, { folder });
    return { ...room, keys, bad };
  }

  it("one other of the same provider is tried, then the next model", async () => {
    const profiles = { "a:1": key("a", "k1"), "a:2": key("a", "k2"), "a:3": key("a", "k3") };
    const room = await signedIn(profiles, { k1: "auth", k2: "overloaded" });
    expect((await room.turn())?.payloads.at(-1)?.text).toBe("with none");
    expect(room.keys).toEqual(["k1", "k2", "none"]);
    expect(room.asked).toEqual(["a", "a", "b"]);
    // Both rest now; the third has its turn, and nobody is told that a model changed.
    expect((await room.turn())?.payloads).toEqual([{ text: "with k3" }]);
    expect(room.keys.slice(3)).toEqual(["k3"]);
  });

  it("no other is tried where that would not help", async () => {
    const profiles = { "a:1": key("a", "k1"), "a:2": key("a", "k2") };
    const room = await signedIn(profiles, { k1: "model_not_found" });
    await room.turn();
    expect(room.keys).toEqual(["k1", "none"]);
  });

  it("while all rest, one try is allowed for a reason that passes, none for others", async () => {
    const passing = await signedIn({ "a:1": key("a", "k1") }, { k1: "server_error" });
    await passing.turn();
    await passing.turn();
    expect(passing.keys).toEqual(["k1", "none", "k1", "none"]);
    const chain = { primary: "a/m", fallbacks: ["a/n", "b/m"] };
    const unpaid = await signedIn({ "a:1": key("a", "k1") }, { k1: "billing" }, chain);
    await unpaid.turn();
    await unpaid.turn();
    expect(unpaid.keys).toEqual(["k1", "none", "none"]);
  });

  it("a limit of one model leaves the provider's others", async () => {
    const chain = { primary: "a/m", fallbacks: ["a/n"] };
    const room = await signedIn({ "a:1": key("a", "k1") }, { k1: "rate_limit" }, chain);
    await room.turn();
    room.bad["k1"] = "overloaded";
    const outcome = await room.turn();
    expect(room.keys).toEqual(["k1", "k1", "k1", "k1"]);
    expect(outcome?.error?.message).toMatch(/^no model answered: a\/m with a:1: .*; a\/n with a:1: /);
  });

  it("a rest that is written beside them counts", async () => {
    const usageStats = { "a:1": { disabledUntil: Date.now() + 60_000, disabledReason: "billing" } };
    const room = await signedIn({ "a:1": key("a", "k1") }, {}, AB, { usageStats });
    expect((await room.turn())?.payloads.at(-1)?.text).toBe("with none");
    expect(room.asked).toEqual(["b"]);
    const alone = await signedIn({ "a:1": key("a", "k1") }, {}, { primary: "a/m" }, { usageStats });
    const outcome = await alone.turn();
    expect(outcome).toMatchObject({ status: "failed", error: { code: "MODELS_FAILED" } });
    expect(outcome?.error?.message).toContain("a/m with a:1: billing (its sign-ins rest until");
  });
});
