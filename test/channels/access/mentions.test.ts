import fc from "fast-check";
import { expect, test } from "vitest";
import {
  buildMentionRegexes,
  compileMentionPatterns,
  type ImplicitMentionKind,
  implicitMentionKindWhen,
  matchesMentionPatterns,
  matchesMentionWithExplicit,
  mentionRegexOfName,
  resolveInboundMentionDecision,
} from "../../../src/channels/access/mentions.ts";

const policy = {
  isGroup: true,
  requireMention: true,
  allowTextCommands: true,
  hasControlCommand: false,
  commandAuthorized: false,
};

test("[F226] the decision follows the table: mention, implicit mention, command bypass", () => {
  const decide = (facts: object, over: object = {}) =>
    resolveInboundMentionDecision({
      facts: { canDetectMention: true, wasMentioned: false, ...facts },
      policy: { ...policy, ...over },
    });
  expect(decide({})).toMatchObject({ shouldSkip: true, effectiveWasMentioned: false });
  expect(decide({ wasMentioned: true })).toMatchObject({ shouldSkip: false });
  expect(decide({ implicitMentionKinds: implicitMentionKindWhen("reply_to_bot", true) })).toMatchObject({
    shouldSkip: false,
    matchedImplicitMentionKinds: ["reply_to_bot"],
  });
  expect(decide({}, { hasControlCommand: true, commandAuthorized: true })).toMatchObject({
    shouldSkip: false,
    shouldBypassMention: true,
  });
  expect(
    decide({ hasAnyMention: true }, { hasControlCommand: true, commandAuthorized: true }).shouldSkip,
  ).toBe(true);
  expect(decide({ canDetectMention: false }).shouldSkip).toBe(false);
  expect(
    decide({ implicitMentionKinds: ["reply_to_bot"] }, { implicitMentions: { replyToBot: false } })
      .shouldSkip,
  ).toBe(true);
});

test("facts and policy may come flat", () => {
  expect(
    resolveInboundMentionDecision({ canDetectMention: true, wasMentioned: true, ...policy }),
  ).toMatchObject({
    effectiveWasMentioned: true,
  });
});

test("without a command nothing but a mention or an allowed kind lets a message pass", () => {
  const kinds = fc.subarray<ImplicitMentionKind>([
    "reply_to_bot",
    "quoted_bot",
    "bot_thread_participant",
    "native",
  ]);
  fc.assert(
    fc.property(
      fc.boolean(),
      kinds,
      kinds,
      (wasMentioned, implicitMentionKinds, allowedImplicitMentionKinds) => {
        const { effectiveWasMentioned } = resolveInboundMentionDecision({
          facts: { canDetectMention: true, wasMentioned, implicitMentionKinds },
          policy: { ...policy, allowedImplicitMentionKinds },
        });
        const allowed = implicitMentionKinds.some((kind) => allowedImplicitMentionKinds.includes(kind));
        expect(effectiveWasMentioned).toBe(wasMentioned || allowed);
      },
    ),
  );
});

test("a name is found as a word, with or without @, in any script", () => {
  const regexes = [mentionRegexOfName("Ö Bot")];
  expect(matchesMentionPatterns("hey @ö  bot!", regexes)).toBe(true);
  expect(matchesMentionPatterns("ö\u200b bot", regexes)).toBe(true);
  expect(matchesMentionPatterns("robotö bots", regexes)).toBe(false);
});

test("an agent's own empty list wins over the shared one, and a name is the last resort", () => {
  const cfg = {
    messages: { groupChat: { mentionPatterns: ["\\bshared\\b"] } },
    agents: {
      list: [
        { id: "quiet", groupChat: { mentionPatterns: [] } },
        { id: "named", identity: { name: "Nia" } },
      ],
    },
  };
  expect(buildMentionRegexes(cfg, "quiet")).toEqual([]);
  expect(matchesMentionPatterns("a shared word", buildMentionRegexes(cfg, "named"))).toBe(true);
  expect(matchesMentionPatterns("hi nia", buildMentionRegexes({ agents: cfg.agents }, "named"))).toBe(true);
});

test("patterns that are invalid or could run away are left out and reported", () => {
  const skipped: string[] = [];
  const compiled = compileMentionPatterns(["(", "(a+)+$", "ok", ""], (pattern) => skipped.push(pattern));
  expect(compiled).toHaveLength(1);
  expect(skipped).toEqual(["(", "(a+)+$", ""]);
});

test("[F226] matchesMentionWithExplicit takes the older positional call too", () => {
  expect(matchesMentionWithExplicit("hi bot", { mentionPatterns: ["\\bbot\\b"] })).toEqual({ matched: true });
  expect(
    matchesMentionWithExplicit({ text: "hi", mentionRegexes: [], explicit: { isExplicitlyMentioned: true } }),
  ).toBe(true);
  expect(matchesMentionWithExplicit({ text: "", transcript: "bot?", mentionRegexes: [/bot/i] })).toBe(true);
});
