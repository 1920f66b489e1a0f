import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closeReason } from "../../src/protocol/close-codes.ts";
import { eventRule } from "../../src/protocol/events.ts";
import { parseRequestFrame } from "../../src/protocol/frames.ts";
import { attachmentLimit, MAX_CLOSE_REASON_BYTES } from "../../src/protocol/limits.ts";
import { DYNAMIC_SCOPE_METHODS, scopeOf } from "../../src/protocol/method-scopes.ts";
import { canonicalPaths } from "../../src/protocol/route-path.ts";
import { ConnectParams } from "../../src/protocol/schemas/connect.ts";
import { coversAll, OPERATOR_SCOPES, satisfies, substituteScope } from "../../src/protocol/scopes.ts";
import { compileSchema } from "../../src/protocol/validation.ts";
import { negotiateProtocol } from "../../src/protocol/version.ts";

describe("request frames", () => {
  it("echoes the id of a refused frame unchanged, even a number", () => {
    expect(parseRequestFrame({ type: "req", id: 5, method: "health" })).toEqual({
      ok: false,
      id: 5,
      message: "invalid request frame: at /id: must be string",
    });
    expect(parseRequestFrame([1])).toEqual({
      ok: false,
      id: "invalid",
      message: "invalid request frame: must be object",
    });
  });

  it("names reasons in the recorded words", () => {
    const messageOf = (value: unknown) => {
      const parsed = parseRequestFrame(value);
      return parsed.ok ? "" : parsed.message;
    };
    expect(messageOf({ type: "req", id: "nomethod" })).toBe(
      "invalid request frame: must have required property 'method'",
    );
    expect(messageOf({ type: "zzz", id: "x" })).toBe(
      "invalid request frame: must have required property 'method'; at /type: must be equal to constant",
    );
  });

  it("refuses a trace longer than 128 characters and takes one of 128", () => {
    const frame = { type: "req", id: "1", method: "health" };
    expect(parseRequestFrame({ ...frame, traceparent: "t".repeat(128) }).ok).toBe(true);
    expect(parseRequestFrame({ ...frame, traceparent: "t".repeat(129) }).ok).toBe(false);
  });

  it("never throws and accepts only frames with a filled id and method", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const parsed = parseRequestFrame(value);
        if (parsed.ok) expect(parsed.frame.id.length * parsed.frame.method.length).toBeGreaterThan(0);
        else expect(parsed.message.startsWith("invalid request frame: ")).toBe(true);
      }),
    );
  });
});

describe("protocol versions", () => {
  const offer = (minProtocol: number, maxProtocol: number, role = "operator", mode = "cli") =>
    negotiateProtocol({ minProtocol, maxProtocol, role, mode });

  it("serves clients whose range holds 4 and nobody else", () => {
    expect(offer(4, 4)).toBe("current");
    expect(offer(1, 9)).toBe("current");
    expect(offer(1, 2)).toBeUndefined();
    expect(offer(5, 9)).toBeUndefined();
    expect(offer(3, 3)).toBeUndefined();
  });

  it("serves probes and nodes from 3", () => {
    expect(offer(3, 3, "operator", "probe")).toBe("current");
    expect(offer(3, 3, "node", "node")).toBe("legacy");
    expect(offer(3, 4, "node", "node")).toBe("current");
  });
});

describe("scopes", () => {
  it("lets admin satisfy everything and write what the specification lists", () => {
    for (const scope of OPERATOR_SCOPES) expect(satisfies(["operator.admin"], scope)).toBe(true);
    expect(satisfies(["operator.write"], "operator.read")).toBe(true);
    expect(satisfies(["operator.write"], "operator.pairing")).toBe(false);
    expect(satisfies(["operator.read"], "operator.write")).toBe(false);
  });

  it("never lets a narrow scope stand in for admin", () => {
    expect(substituteScope("sessions.delete", "operator.admin")).toBeUndefined();
    expect(substituteScope("chat.send", "operator.write")).toBe("operator.sessions.write");
    expect(substituteScope("sessions.list", "operator.read")).toBe("operator.sessions.read");
  });

  it("covers are transitive over the granted set", () => {
    expect(coversAll(["operator.write"], ["operator.read", "operator.talk"])).toBe(true);
    expect(coversAll(["operator.read"], ["operator.read", "operator.write"])).toBe(false);
  });

  it("knows the scope of every protocol method", () => {
    expect(scopeOf("health")).toBe("none");
    expect(scopeOf("chat.send")).toBe("operator.write");
    expect(scopeOf("node.invoke.result")).toBe("node");
    expect(scopeOf("no.such.method")).toBeUndefined();
    for (const name of DYNAMIC_SCOPE_METHODS) expect(scopeOf(name)).toBeDefined();
  });
});

describe("events", () => {
  it("keeps terminal chat frames and lets deltas go", () => {
    expect(eventRule("chat", { state: "delta" })).toMatchObject({ droppable: true, logged: false });
    expect(eventRule("chat", { state: "final" })).toMatchObject({ droppable: false, logged: true });
  });

  it("delivers an unknown name to nobody, and plugin events under their guard", () => {
    expect(eventRule("made.up", {})).toBeUndefined();
    expect(eventRule("plugin.weather.rain", {})).toMatchObject({ guard: "operator.write" });
  });
});

describe("limits", () => {
  it("computes the recorded attachment limit", () => {
    expect(attachmentLimit()).toBe(19_464_192);
    expect(attachmentLimit(1_000)).toBe(1_000);
  });

  it("cuts close reasons at 120 bytes and never inside a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
        const cut = closeReason(text);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(MAX_CLOSE_REASON_BYTES);
        expect(text.startsWith(cut)).toBe(true);
      }),
    );
  });
});

describe("connect parameters", () => {
  it("explains refusals in the recorded words", async () => {
    const schema = await compileSchema(ConnectParams);
    expect(schema.explain({})).toBe("must have required property 'minProtocol'");
    const client = { id: "nobody", version: "1", platform: "linux", mode: "cli" };
    expect(schema.explain({ minProtocol: 4, maxProtocol: 4, client })).toBe(
      "at /client/id: must be equal to one of the allowed values",
    );
  });

  it("is closed at every level", async () => {
    const schema = await compileSchema(ConnectParams);
    const good = {
      minProtocol: 4,
      maxProtocol: 4,
      client: { id: "cli", version: "1", platform: "linux", mode: "cli" },
    };
    expect(schema.check(good)).toBe(true);
    expect(schema.check({ ...good, extra: 1 })).toBe(false);
    expect(schema.check({ ...good, client: { ...good.client, extra: 1 } })).toBe(false);
    expect(schema.check({ ...good, auth: { extra: "x" } })).toBe(false);
  });
});

describe("canonical paths", () => {
  it("gives every disguise of a path the same last form", () => {
    for (const disguise of [
      "/api/channels",
      "//api///channels/",
      "/API/Channels",
      "/api/./channels",
      "/x/../api/channels",
      "/api%2Fchannels",
      "/%61pi/channels",
      "/api%252fchannels",
      "\\api\\channels",
      "/api/x/%2e%2e/channels",
    ]) {
      expect(canonicalPaths(disguise)?.at(-1), disguise).toBe("/api/channels");
    }
  });

  it("refuses malformed encodings, NUL and endless ones", () => {
    expect(canonicalPaths("/%zz")).toBeUndefined();
    expect(canonicalPaths("/a%00b")).toBeUndefined();
    expect(canonicalPaths(`/${"%25".repeat(1)}${"25".repeat(40)}41`)).toBeUndefined();
    expect(canonicalPaths(`/${"a".repeat(5_000)}`)).toBeUndefined();
  });

  it("is stable: the last form is its own canonical form", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (path) => {
        const last = canonicalPaths(path)?.at(-1);
        if (last === undefined || last.includes("%")) return;
        expect(canonicalPaths(last)?.at(-1)).toBe(last);
      }),
    );
  });
});
