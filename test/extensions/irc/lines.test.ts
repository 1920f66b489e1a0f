import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolveAccount, unconfiguredReason } from "../../../extensions/irc/src/account.ts";
import { FloodGate } from "../../../extensions/irc/src/flood-gate.ts";
import { mentions, withoutAddress } from "../../../extensions/irc/src/inbound.ts";
import { splitLines, stripFormatting, textBudget, toPlainText } from "../../../extensions/irc/src/lines.ts";
import { MessageIds } from "../../../extensions/irc/src/message-id.ts";
import { ServerConfirmation } from "../../../extensions/irc/src/server-confirmation.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";

describe("lines", () => {
  test("a relayed line has at most 512 bytes, whatever the text, nick, host and target", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,29}$/);
    const text = fc.array(
      fc.oneof(fc.lorem(), fc.constantFrom("👩‍🚀", "ß", "漢字", "\r\n", "\0", "x".repeat(700))),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(text, name, name, fc.option(name, { nil: "" }), (parts, nick, username, host) => {
        const whole = parts.join(" ");
        const own = { nick, username, ...(host === "" ? {} : { host }) };
        const target = "#some-channel";
        for (const line of splitLines(whole, textBudget(own, target))) {
          const relayed = `:${nick}!~${username}@${host || "h".repeat(63)} PRIVMSG ${target} :${line}\r\n`;
          expect(Buffer.byteLength(relayed)).toBeLessThanOrEqual(512);
          expect(line).not.toMatch(/[\r\n\0]/);
        }
        const letters = (value: string) => value.replace(/[\s\0]+/g, "");
        expect(letters(splitLines(whole, textBudget(own, target)).join(""))).toBe(letters(whole));
      }),
    );
  });

  test("are cut at spaces, never inside a character", () => {
    expect(splitLines("one two three", 16)).toEqual(["one two three"]);
    expect(splitLines(`${"é".repeat(9)} ${"é".repeat(3)}`, 19)).toEqual(["é".repeat(9), "é".repeat(3)]);
    expect(splitLines("👩‍🚀👩‍🚀", 16)).toEqual(["👩‍🚀", "👩‍🚀"]);
  });

  test("a command cannot be smuggled in behind a line break", () => {
    expect(splitLines("hi\r\nQUIT :bye\0JOIN 0", 400)).toEqual(["hi", "QUIT :bye", "JOIN 0"]);
  });

  test("markdown reads as plain text", () => {
    expect(
      toPlainText(
        "# Title\n**bold** and *it* `code` [site](https://a.b) 2*3*4\n```ts\nconst a = **b**;\n```",
      ),
    ).toBe("Title\nbold and it code site (https://a.b) 2*3*4\nconst a = **b**;");
    expect(stripFormatting("\x0304,12red\x03 \x02bold\x0f")).toBe("red bold");
  });
});

describe("message ids", () => {
  const line = { nick: "ada", target: "#a", message: "hi" };

  test("are the server's own where it gives one", () => {
    expect(new MessageIds().next({ ...line, tags: { msgid: "abc", time: "t" } })).toBe("msgid:abc");
  });

  test("are the same for a line that is played back with its time, and differ for one that was repeated", () => {
    const tags = { time: "2026-01-01T00:00:00.000Z" };
    const first = new MessageIds();
    const second = new MessageIds();
    const ids = [first.next({ ...line, tags }), first.next({ ...line, tags })];
    expect(new Set(ids).size).toBe(2);
    expect([second.next({ ...line, tags }), second.next({ ...line, tags })]).toEqual(ids);
  });

  test("without time are unique to the connection", () => {
    const ids = new MessageIds();
    expect(ids.next(line)).not.toBe(ids.next(line));
    expect(new MessageIds().next(line)).not.toBe(new MessageIds().next(line));
  });
});

test("the flood gate lets a burst out and then keeps the pace", async () => {
  const clock = new ManualClock();
  const gate = new FloodGate({
    burst: 3,
    intervalMs: 2_000,
    now: () => clock.monotonic() + 10_000,
    sleep: (ms, signal) => clock.sleep(ms, signal),
  });
  const times: number[] = [];
  for (let index = 0; index < 6; index++) void gate.pass().then(() => times.push(clock.monotonic()));
  await clock.advance(0);
  for (let step = 0; step < 4; step++) await clock.advance(2_000);
  expect(times).toEqual([0, 0, 0, 2_000, 4_000, 6_000]);
});

test("an aborted wait at the flood gate rejects and gives its place away", async () => {
  const clock = new ManualClock();
  const gate = new FloodGate({
    burst: 1,
    intervalMs: 1_000,
    now: () => clock.monotonic() + 10_000,
    sleep: (ms, signal) => clock.sleep(ms, signal),
  });
  const abort = new AbortController();
  await gate.pass();
  const waiting = gate.pass(abort.signal);
  const after = gate.pass();
  abort.abort(new Error("stop"));
  await expect(waiting).rejects.toThrow("stop");
  await clock.advance(1_000);
  await after;
  expect(clock.armed).toBe(0);
});

describe("being addressed", () => {
  test("needs the nick as a word", () => {
    expect(mentions("hey Sluice!", "sluice")).toBe(true);
    expect(mentions("sluicegate", "sluice")).toBe(false);
    expect(mentions("sluice-2 is another", "sluice")).toBe(false);
    expect(mentions("[x]: hi", "[x]")).toBe(true);
  });

  test("the address is not part of the question", () => {
    expect(withoutAddress("sluice: what?", "sluice")).toBe("what?");
    expect(withoutAddress("@Sluice, what?", "sluice")).toBe("what?");
    expect(withoutAddress("sluice:", "sluice")).toBe("sluice:");
  });
});

describe("accounts", () => {
  test("three lines are enough, and a named account inherits what it leaves out", () => {
    const cfg = {
      channels: {
        irc: {
          host: "irc.example.org",
          nick: "bot",
          channels: ["#a", "#b key"],
          accounts: { two: { nick: "bot2" } },
        },
      },
    };
    expect(resolveAccount(cfg)).toMatchObject({
      host: "irc.example.org",
      port: 6697,
      tls: true,
      nick: "bot",
      channels: [{ name: "#a" }, { name: "#b", key: "key" }],
    });
    expect(resolveAccount(cfg, "two")).toMatchObject({ host: "irc.example.org", nick: "bot2" });
  });

  test("a server on this machine is reached without TLS unless asked for", () => {
    expect(resolveAccount({ channels: { irc: { host: "127.0.0.1" } } })).toMatchObject({
      port: 6667,
      tls: false,
    });
  });

  test("an account that cannot work says what is missing", () => {
    expect(unconfiguredReason(resolveAccount({}))).toMatch("channels.irc.host is missing");
    expect(unconfiguredReason(resolveAccount({ channels: { irc: { host: "h", nick: "a b" } } }))).toMatch(
      "not a valid nick",
    );
  });
});

describe("the server's confirmation", () => {
  test("one PING at a time answers for everything written before it", async () => {
    const pings: string[] = [];
    const confirmation = new ServerConfirmation((token) => pings.push(token));
    const done: string[] = [];
    const first = confirmation.next().then(() => done.push("first"));
    const later = [confirmation.next(), confirmation.next()].map((one) => one.then(() => done.push("later")));
    expect(pings).toHaveLength(1);
    confirmation.answered("1700000000000");
    confirmation.answered(pings[0]);
    await first;
    expect(done).toEqual(["first"]);
    expect(pings).toHaveLength(2);
    confirmation.answered(pings[1]);
    await Promise.all(later);
    expect(pings).toHaveLength(2);
  });

  test("a lost connection and a silent server say that nothing is known", async () => {
    const lost = new ServerConfirmation(() => {});
    const waiting = [lost.next(), lost.next()];
    lost.fail(new Error("gone"));
    for (const one of waiting) await expect(one).rejects.toThrow("gone");
    const silent = new ServerConfirmation(() => {}, 5);
    const keepAlive = setTimeout(() => {}, 1_000);
    await expect(silent.next()).rejects.toMatchObject({ code: "ETIMEDOUT" });
    clearTimeout(keepAlive);
  });
});
