import { expect, test } from "vitest";
import { MAX_REMEMBERED_RUNS, SentTexts } from "../../../src/channels/message-tool/sent-texts.ts";

test("remembers what a run said where, for a thousand runs", () => {
  const sent = new SentTexts();
  sent.remember("first", "amy", "hello");
  sent.remember("first", "bob", "bye");
  expect(sent.has("first", "amy", " hello\n")).toBe(true);
  expect(sent.has("first", "bob", "hello")).toBe(false);
  for (let run = 1; run < MAX_REMEMBERED_RUNS; run++) sent.remember(`run ${run}`, "amy", "hello");
  expect(sent.has("first", "amy", "hello")).toBe(true);
  sent.remember("one more", "amy", "hello");
  expect(sent.has("first", "amy", "hello")).toBe(false);
  expect(sent.has("run 1", "amy", "hello")).toBe(true);
  sent.forget("run 1");
  expect(sent.has("run 1", "amy", "hello")).toBe(false);
});
