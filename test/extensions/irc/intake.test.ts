import { expect, test } from "vitest";
import { Intake, MAX_HELD_LINES } from "../../../extensions/irc/src/intake.ts";
import type { InboundMessage } from "../../../src/contracts/channel-runtime.ts";
import { incoming } from "../../channels/support.ts";

const full = () => Object.assign(new Error("the disk is full"), { retryable: true });

/** A gateway that refuses what `refuses` says, and pauses that end when told. */
function gateway() {
  const recorded: string[] = [];
  const said: string[] = [];
  const stop = new AbortController();
  let refuses: (message: InboundMessage) => unknown = () => undefined;
  let wake = () => {};
  const intake = new Intake({
    receive: async (message) => {
      const error = refuses(message);
      if (error) throw error;
      recorded.push(message.text);
    },
    sleep: () =>
      new Promise<void>((resolve, reject) => {
        wake = resolve;
        stop.signal.addEventListener("abort", () => reject(stop.signal.reason), { once: true });
      }),
    signal: stop.signal,
    log: { warn: (text) => said.push(text), error: (text) => said.push(text) },
  });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 2));
  return {
    intake,
    recorded,
    said,
    stop,
    refuse: (next: typeof refuses) => {
      refuses = next;
    },
    say: async (text: string) => {
      intake.take(incoming({ text }));
      await settle();
    },
    pauseEnds: async () => {
      wake();
      await settle();
    },
  };
}

test("lines that could not be recorded are handed over again, in order and before later ones", async () => {
  const room = gateway();
  room.refuse(full);
  for (const text of ["one", "two", "three"]) await room.say(text);
  await room.pauseEnds();
  expect(room.recorded).toEqual([]);
  room.refuse(() => undefined);
  await room.say("four");
  await room.pauseEnds();
  expect(room.recorded).toEqual(["one", "two", "three", "four"]);
  await room.say("five");
  expect(room.recorded).toHaveLength(5);
  expect(room.intake.held).toBe(0);
});

test("a line that is refused for good is dropped with a word and holds up no other", async () => {
  const room = gateway();
  room.refuse(({ text }) => (text === "bad" ? new Error("no") : full()));
  await room.say("bad");
  await room.say("one");
  await room.say("bad");
  await room.say("two");
  room.refuse(({ text }) => (text === "bad" ? new Error("no") : undefined));
  await room.pauseEnds();
  expect(room.recorded).toEqual(["one", "two"]);
  expect(room.said.filter((text) => text.includes("could not be recorded: no"))).toHaveLength(2);
});

test("no more than the limit is held; what is lost is told when it is over", async () => {
  const room = gateway();
  room.refuse(full);
  await room.say("first");
  for (let index = 0; index < MAX_HELD_LINES + 4; index++)
    room.intake.take(incoming({ text: `line ${index}` }));
  expect(room.intake.held).toBe(MAX_HELD_LINES);
  room.refuse(() => undefined);
  await room.pauseEnds();
  expect(room.recorded).toHaveLength(MAX_HELD_LINES);
  expect(room.said.at(-1)).toBe("5 lines could not be recorded and are lost");
});

test("a stopped account holds nothing", async () => {
  const room = gateway();
  room.refuse(full);
  await room.say("one");
  room.stop.abort();
  await room.pauseEnds();
  expect(room.intake.held).toBe(0);
  expect(room.said.at(-1)).toBe("1 lines could not be recorded and are lost");
});
