import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_FRAME_BYTES } from "../../../src/protocol/limits.ts";
import { testGateway } from "../support/gateway.ts";
import { testDevice, WireClient } from "../support/wire-client.ts";

describe("frames after the handshake", () => {
  it("ignores text that is not JSON and goes on", async () => {
    const { url } = await testGateway();
    const client = await WireClient.open(url);
    const seen = client.frames.length;
    client.send("this is not json");
    expect((await client.call("health")).ok).toBe(true);
    expect(client.frames.filter((frame) => frame.type === "res")).toHaveLength(2);
    expect(client.frames.length).toBeGreaterThan(seen);
  });

  it.each([
    ["[1,2,3]", "invalid", "invalid request frame: must be object"],
    ['"str"', "invalid", "invalid request frame: must be object"],
    [
      '{"type":"req","id":"nomethod"}',
      "nomethod",
      "invalid request frame: must have required property 'method'",
    ],
    [
      '{"type":"zzz","id":"x"}',
      "x",
      "invalid request frame: must have required property 'method'; at /type: must be equal to constant",
    ],
    ['{"type":"req","id":5,"method":"health"}', 5, "invalid request frame: at /id: must be string"],
  ])("answers %s with id %j", async (text, id, message) => {
    const { url } = await testGateway();
    const client = await WireClient.open(url);
    client.send(text);
    const answer = await client.next((frame) => frame.type === "res" && frame.id === id);
    expect(answer).toEqual({ type: "res", id, ok: false, error: { code: "INVALID_REQUEST", message } });
  });

  it("refuses keys that reach for a prototype", async () => {
    const { url } = await testGateway();
    const client = await WireClient.open(url);
    client.send('{"type":"req","id":"p","method":"health","params":{"__proto__":{"admin":true}}}');
    expect((await client.next((frame) => frame.id === "invalid")).error.message).toContain("__proto__");
    expect((await client.call("health")).ok).toBe(true);
  });

  it("takes JSON in a binary frame and answers in text", async () => {
    const { url } = await testGateway();
    const client = await WireClient.open(url);
    client.socket.send(Buffer.from('{"type":"req","id":"b","method":"health"}'), { binary: true });
    expect((await client.next((frame) => frame.id === "b")).ok).toBe(true);
  });

  it("refuses a second connect and stays open", async () => {
    const { url } = await testGateway();
    const client = await WireClient.open(url);
    const answer = await client.call("connect", {});
    expect(answer.error.message).toBe("connect is only valid as the first request");
    expect((await client.call("health")).ok).toBe(true);
  });

  it("tells an admin that a method is unknown and others that they lack the scope", async () => {
    const { url } = await testGateway();
    const admin = await WireClient.open(url, { scopes: ["operator.admin"] });
    expect((await admin.call("no.such.method")).error).toEqual({
      code: "INVALID_REQUEST",
      message: "unknown method: no.such.method",
    });
    const reader = await WireClient.open(url);
    expect((await reader.call("no.such.method")).error.message).toBe("missing scope: operator.admin");
    expect((await reader.call("cron.list")).error.message).toBe("unknown method: cron.list");
    expect((await reader.call("chat.send", { foo: 1 })).error.code).toBe("FORBIDDEN");
  });

  it("takes frames up to 25 MiB and closes with 1009 above", async () => {
    const { url } = await testGateway();
    const client = await WireClient.open(url);
    const frame = (padding: number) =>
      `{"type":"req","id":"big","method":"health","params":{"x":"${"x".repeat(padding)}"}}`;
    client.send(frame(MAX_FRAME_BYTES - frame(0).length));
    expect((await client.next((answer) => answer.id === "big")).ok).toBe(true);
    client.send(frame(MAX_FRAME_BYTES - frame(0).length + 1));
    expect(await client.closed).toEqual({ code: 1009, reason: "" });
  });

  it("closes a connection that calls methods of another role eleven times in a row", async () => {
    const { url } = await testGateway();
    const client = await WireClient.open(url);
    for (let count = 0; count < 11; count++) {
      expect((await client.call("node.invoke.result")).error.message).toBe("unauthorized role: operator");
    }
    expect(await client.closed).toEqual({ code: 1008, reason: "repeated unauthorized calls" });
  });

  it("lets nodes call node methods and health only", async () => {
    const { url } = await testGateway();
    const node = await WireClient.open(url, {
      role: "node",
      scopes: [],
      device: testDevice(),
      client: { id: "node-host", mode: "node" },
    });
    expect((await node.call("health")).ok).toBe(true);
    expect((await node.call("status")).error.message).toBe("unauthorized role: node");
    const hello = node.frames.find((frame) => frame.payload?.type === "hello-ok")?.payload;
    expect(hello.snapshot.presence).toEqual([]);
    expect(hello.auth).not.toHaveProperty("recoveryScope");
  });

  it("survives any JSON and any text, and answers health afterwards", async () => {
    const { url } = await testGateway();
    const client = await WireClient.open(url, { scopes: ["operator.admin"] });
    const frame = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.json({ maxDepth: 4 }),
      fc
        .record({
          type: fc.constantFrom("req", "res", "event"),
          id: fc.oneof(fc.string(), fc.integer()),
          method: fc.oneof(fc.constantFrom("health", "logs.tail", "plugins.inspect", "x.y"), fc.string()),
          params: fc.jsonValue({ maxDepth: 3 }),
        })
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), (texts) => {
        for (const text of texts) client.send(text);
      }),
      { numRuns: 50 },
    );
    expect((await client.call("health")).ok).toBe(true);
    for (const answer of client.frames.filter((candidate) => candidate.type === "res" && !candidate.ok)) {
      expect(["INVALID_REQUEST", "UNAVAILABLE", "FORBIDDEN"]).toContain(answer.error.code);
    }
  });
});

describe("stopping", () => {
  it("tells clients and closes with 1012", async () => {
    const gateway = await testGateway();
    const client = await WireClient.open(gateway.url);
    await gateway.stop("test over");
    expect((await client.event("shutdown")).payload).toEqual({ reason: "test over" });
    expect(await client.closed).toEqual({ code: 1012, reason: "service restart" });
  });
});
