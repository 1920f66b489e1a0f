import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { authorise, RoleViolation } from "../../../src/gateway/rpc/authorise.ts";
import type { Caller } from "../../../src/gateway/rpc/caller.ts";
import { narrowScopes } from "../../../src/gateway/rpc/caller.ts";
import { RequestLane } from "../../../src/gateway/rpc/request-lane.ts";
import { toWireError } from "../../../src/gateway/rpc/wire-error.ts";
import { MAX_WRITE_COUNTERS, WriteLimiter } from "../../../src/gateway/rpc/write-limiter.ts";
import { SluiceError } from "../../../src/kernel/errors.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { Redactor } from "../../../src/kernel/redaction.ts";
import { OPERATOR_SCOPES, satisfies } from "../../../src/protocol/scopes.ts";

function caller(scopes: readonly string[], role: Caller["role"] = "operator"): Caller {
  return {
    connId: "c",
    role,
    scopes,
    client: { id: "cli", mode: "cli", version: "1", platform: "linux" },
    capabilities: new Set(),
    address: "127.0.0.1",
    signal: new AbortController().signal,
  };
}

describe("authorisation", () => {
  it("names the missing scope", () => {
    expect(() => authorise(caller(["operator.read"]), "chat.send", "operator.write")).toThrow(
      "missing scope: operator.write",
    );
  });

  it("takes the narrow scope of sessions where the protocol lists it, and only there", () => {
    const narrow = caller(["operator.sessions.write"]);
    expect(() => authorise(narrow, "chat.send", "operator.write")).not.toThrow();
    expect(() => authorise(narrow, "chat.history", "operator.read")).not.toThrow();
    expect(() => authorise(narrow, "deliveries.replay", "operator.write")).toThrow("missing scope");
    expect(() => authorise(narrow, "sessions.delete", "operator.admin")).toThrow("missing scope");
  });

  it("keeps roles apart", () => {
    expect(() => authorise(caller([], "node"), "status", "operator.read")).toThrow(RoleViolation);
    expect(() => authorise(caller(["operator.admin"]), "node.event", "node")).toThrow(RoleViolation);
    expect(() => authorise(caller([], "node"), "health", "none")).not.toThrow();
  });

  it("never passes on a scope the caller does not hold", () => {
    const scope = fc.constantFrom(...OPERATOR_SCOPES);
    fc.assert(
      fc.property(fc.array(scope), fc.array(scope), (held, wanted) => {
        for (const passed of narrowScopes(caller(held), wanted)) {
          expect(satisfies(held, passed as (typeof OPERATOR_SCOPES)[number])).toBe(true);
        }
      }),
    );
  });
});

describe("the lane of one connection", () => {
  const limits = { running: 2, parked: 1, waiting: 2, waitingBytes: 10 };

  it("runs two, lets two wait, refuses the fifth, and starts those waiting in order", () => {
    const lane = new RequestLane(limits);
    const started: number[] = [];
    const entered = [1, 2, 3, 4, 5].map((number) => lane.enter(false, 5, () => void started.push(number)));
    expect(entered).toEqual([true, true, true, true, false]);
    expect(started).toEqual([1, 2]);
    lane.leave(false);
    lane.leave(false);
    expect(started).toEqual([1, 2, 3, 4]);
    expect(lane.busy).toBe(2);
  });

  it("bounds the bytes of what waits", () => {
    const lane = new RequestLane(limits);
    for (const _ of [1, 2]) lane.enter(false, 1, () => {});
    expect(lane.enter(false, 11, () => {})).toBe(false);
    expect(lane.enter(false, 10, () => {})).toBe(true);
  });

  it("does not let parked handlers block the others", () => {
    const lane = new RequestLane(limits);
    expect(lane.enter(true, 1, () => {})).toBe(true);
    expect(lane.enter(true, 1, () => {})).toBe(false);
    expect(lane.enter(false, 1, () => {})).toBe(true);
  });
});

describe("control-plane writes", () => {
  it("admits 30 in a minute, names the wait, and starts anew afterwards", async () => {
    const clock = new ManualClock();
    const limiter = new WriteLimiter(clock);
    const admin = caller(["operator.admin"]);
    for (let count = 0; count < 30; count++) limiter.admit(admin, "config.patch");
    await clock.advance(2_000);
    expect(() => limiter.admit(admin, "config.patch")).toThrow(
      "rate limit exceeded for config.patch; retry after 58s",
    );
    limiter.admit(admin, "config.apply");
    await clock.advance(58_000);
    limiter.admit(admin, "config.patch");
  });

  it("remembers a bounded number of callers, the newest", () => {
    const limiter = new WriteLimiter(new ManualClock());
    const admin = caller(["operator.admin"]);
    const from = (address: string) => ({ ...admin, address });
    for (let count = 0; count < 30; count++) limiter.admit(from("first"), "config.patch");
    for (let count = 0; count < MAX_WRITE_COUNTERS - 1; count++)
      limiter.admit(from(`${count}`), "config.patch");
    expect(() => limiter.admit(from("first"), "config.patch")).toThrow("rate limit");
    limiter.admit(from("one more"), "config.patch");
    limiter.admit(from("first"), "config.patch");
  });
});

describe("errors on the wire", () => {
  const same = (text: string) => text;

  it("keeps protocol codes and moves others into the details", () => {
    expect(toWireError(new SluiceError("NOT_PAIRED", "no"), same)).toEqual({
      code: "NOT_PAIRED",
      message: "no",
    });
    expect(
      toWireError(new SluiceError("CONFIG_CONFLICT", "stale", { details: { hash: "x" } }), same),
    ).toEqual({
      code: "INVALID_REQUEST",
      message: "stale",
      details: { code: "CONFIG_CONFLICT", hash: "x" },
    });
    expect(toWireError(new SluiceError("STORE_BUSY", "later", { retryable: true }), same)).toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
    });
  });

  it("redacts the details as well, wherever in them a secret stands", () => {
    const redactor = new Redactor();
    redactor.add('se"cret-value');
    const redact = (text: string) => redactor.text(text);
    const details = { asked: [{ at: 'x se"cret-value y' }], 'se"cret-value': 1, count: 2 };
    const thrown = new SluiceError("NOT_PAIRED", "no", { details });
    expect(toWireError(thrown, redact).details).toEqual({
      asked: [{ at: "x [redacted] y" }],
      "[redacted]": 1,
      count: 2,
    });
    expect(toWireError(new SluiceError("NOT_PAIRED", "no", { details: { a: 1 } }), redact).details).toEqual({
      a: 1,
    });
  });

  it("redacts and bounds the message of anything thrown", () => {
    const error = toWireError(new Error(`secret ${"x".repeat(5_000)}`), (text) =>
      text.replace("secret", "[…]"),
    );
    expect(error.code).toBe("UNAVAILABLE");
    expect(error.message.startsWith("[…]")).toBe(true);
    expect(error.message.length).toBeLessThanOrEqual(2_000);
    expect(toWireError(undefined, same).code).toBe("UNAVAILABLE");
  });
});
