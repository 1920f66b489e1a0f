import { expect, it } from "vitest";
import { createQuestionReactionTargetStore } from "../../src/plugin-sdk/question-gateway-runtime.ts";

it("a reaction to a question's message answers it once, for the client it was shown to", async () => {
  const answers: object[] = [];
  const deliveries: { deliveryId: string; finalize(line: string): unknown }[] = [];
  const log: string[] = [];
  let outcome: () => Promise<{ status: string }> = async () => ({ status: "denied" });
  const store = createQuestionReactionTargetStore<string, string[]>({
    channel: "memo",
    channelDisplayName: "Memo",
    buildKey: (id) => id || null,
    identityMatches: (stored, incoming) => Boolean(stored?.some((key) => incoming?.includes(key))),
    registerChannelDelivery: (delivery) => deliveries.push(delivery),
    resolveReaction: (reaction) => {
      answers.push(reaction);
      return outcome();
    },
  });
  const binding = { questionId: "q1", optionIndices: {} };
  expect(store.register(binding, "")).toBe(false);
  expect(store.register(binding, "m1", ["bot"])).toBe(true);
  const react = (metadata: string[], identities = ["", "other", "m1"]) =>
    store.resolve({
      identities,
      optionIndex: 1,
      cfg: {},
      senderId: "alice",
      metadata,
      logDebug: (line) => log.push(line),
    });
  expect(await react(["stranger"])).toBe(false);
  expect(await react(["bot"])).toBe(true);
  outcome = () => Promise.reject(new Error("busy"));
  expect(await react(["bot"])).toBe(true);
  outcome = async () => ({ status: "answered" });
  expect(await react(["bot"])).toBe(true);
  expect(await react(["bot"])).toBe(false);
  expect(answers[0]).toEqual({
    questionId: "q1",
    optionIndex: 1,
    cfg: {},
    channel: "memo",
    senderId: "alice",
  });
  expect(log).toEqual([
    "Memo: question q1 denied",
    "Memo: question q1 was not answered: busy",
    "Memo: question q1 answered",
  ]);
  store.register(binding, "m2", ["bot"]);
  deliveries.at(-1)?.finalize("answered elsewhere");
  expect(await react(["bot"], ["m2"])).toBe(false);
});
