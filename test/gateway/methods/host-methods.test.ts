import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mergePatch } from "../../../src/gateway/methods/config.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { TEST_TOKEN, testGateway } from "../support/gateway.ts";
import { testDevice, WireClient } from "../support/wire-client.ts";

const ADMIN = { scopes: ["operator.admin", "operator.read", "operator.write", "operator.pairing"] };

describe("devices", () => {
  it("lists a paired device without its token and closes its sockets when the token is revoked", async () => {
    const { url } = await testGateway();
    const device = testDevice();
    const paired = await WireClient.open(url, { device });
    const hello = paired.frames.find((frame) => frame.payload?.type === "hello-ok")?.payload;
    const { deviceToken } = hello.auth;
    const admin = await WireClient.open(url, ADMIN);
    const listed = await admin.call("device.pair.list");
    expect(listed.payload.paired).toMatchObject([
      { deviceId: device.id, connected: true, approvedVia: "silent", tokens: [{ role: "operator" }] },
    ]);
    expect(JSON.stringify(listed)).not.toContain(deviceToken);
    const revoked = await admin.call("device.token.revoke", { deviceId: device.id, role: "operator" });
    expect(revoked.payload).toMatchObject({ deviceId: device.id, revokedAtMs: expect.any(Number) });
    expect((await paired.closed).code).toBe(4001);
    const again = await new WireClient(url).connect({ device, auth: { deviceToken } });
    expect(again.error.details.code).toBe("AUTH_DEVICE_TOKEN_MISMATCH");
  });

  it("asks for approval where silence is not allowed, and admits after it", async () => {
    const folder = await temporaryFolder();
    const configPath = join(folder, "sluice.json");
    await writeFile(configPath, "{ gateway: { nodes: { pairing: { autoApproveLocal: false } } } }");
    const { url } = await testGateway({ configPath });
    const admin = await WireClient.open(url, ADMIN);
    const device = testDevice();
    const refused = await new WireClient(url).connect({ device });
    expect(refused.error).toMatchObject({
      code: "NOT_PAIRED",
      details: { code: "PAIRING_REQUIRED", reason: "not-paired", deviceId: device.id },
    });
    const asked = await admin.event("device.pair.requested");
    const { requestId } = refused.error.details;
    expect(asked.payload).toMatchObject({ requestId, deviceId: device.id });
    const repeated = await new WireClient(url).connect({ device });
    expect(repeated.error.details.requestId).toBe(requestId);
    const weak = await WireClient.open(url, { scopes: ["operator.pairing"] });
    expect((await weak.call("device.pair.approve", { requestId })).error.code).toBe("FORBIDDEN");
    expect((await admin.call("device.pair.approve", { requestId })).payload.device.approvedVia).toBe("owner");
    expect((await new WireClient(url).connect({ device })).ok).toBe(true);
    const wider = await new WireClient(url).connect({ device, scopes: ["operator.read", "operator.write"] });
    expect(wider.error.details.reason).toBe("scope-upgrade");
    const { requestId: next } = wider.error.details;
    expect((await admin.call("device.pair.reject", { requestId: next })).ok).toBe(true);
    expect((await admin.call("device.pair.remove", { deviceId: device.id })).ok).toBe(true);
    expect((await admin.call("device.pair.list")).payload.paired).toEqual([]);
  });
});

describe("configuration", () => {
  it("shows secrets masked and keeps them when the mask is written back", async () => {
    const folder = await temporaryFolder();
    const configPath = join(folder, "sluice.json");
    await writeFile(
      configPath,
      '{\n  // mine\n  models: { providers: { x: { apiKey: "sk-canary-12345" } } },\n}\n',
    );
    const { url } = await testGateway({ configPath });
    const admin = await WireClient.open(url, ADMIN);
    const shown = await admin.call("config.get");
    expect(JSON.stringify(shown)).not.toContain("sk-canary");
    expect(shown.payload).toMatchObject({ exists: true, path: configPath });
    const raw = JSON.stringify({ ...shown.payload.sourceConfig, session: { mainKey: "main" } });
    expect((await admin.call("config.set", { raw })).error.message).toBe(
      "config base hash required; re-run config.get and retry",
    );
    const written = await admin.call("config.set", { raw, baseHash: shown.payload.hash });
    expect(written.payload).toMatchObject({
      ok: true,
      changedPaths: expect.arrayContaining(["session.mainKey"]),
    });
    expect(await readFile(configPath, "utf8")).toContain("sk-canary-12345");
    expect((await admin.event("config.changed")).payload.hash).toBe(written.payload.hash);
    const stale = await admin.call("config.set", { raw, baseHash: shown.payload.hash });
    expect(stale.error.message).toBe("config changed since last load; re-run config.get and retry");
  });

  it("merges patches, lists with ids by id, and refuses to lose entries unasked", () => {
    const target = {
      a: { b: 1, c: 2 },
      list: [1, 2],
      rows: [
        { id: "x", v: 1 },
        { id: "y", v: 2 },
      ],
    };
    mergePatch(target, { a: { b: null, d: 3 }, rows: [{ id: "y", v: 5 }, { id: "z" }] }, "", new Set());
    expect(target).toEqual({
      a: { c: 2, d: 3 },
      list: [1, 2],
      rows: [{ id: "x", v: 1 }, { id: "y", v: 5 }, { id: "z" }],
    });
    expect(() => mergePatch(target, { list: [1] }, "", new Set())).toThrow("would lose entries");
    mergePatch(target, { list: [1] }, "", new Set(["list"]));
    expect(target.list).toEqual([1]);
    const hostile = JSON.parse('{"__proto__":{"polluted":true}}') as object;
    expect(() => mergePatch(target, hostile, "", new Set())).toThrow("not allowed");
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it("lets an old secret fail everywhere at once when the token changes", async () => {
    const folder = await temporaryFolder();
    const configPath = join(folder, "sluice.json");
    await writeFile(configPath, '{ gateway: { auth: { token: "the-first-token" } } }');
    const { url, services } = await testGateway({ configPath, token: undefined as never });
    const client = await WireClient.open(url, { auth: { token: "the-first-token" } });
    await services.config.mutate(
      (draft) => {
        (draft["gateway"] as { auth: { token: string } }).auth.token = "the-second-token";
      },
      { reason: "rotation", baseHash: services.config.current().hash },
    );
    expect(await client.closed).toEqual({ code: 4001, reason: "gateway auth changed" });
    const old = await new WireClient(url).connect({ auth: { token: "the-first-token" } });
    expect(old.error.details.code).toBe("AUTH_TOKEN_MISMATCH");
    expect((await new WireClient(url).connect({ auth: { token: "the-second-token" } })).ok).toBe(true);
  });
});

describe("resuming events", () => {
  it("gives a client that comes back exactly what it missed, or one reset", async () => {
    const { url } = await testGateway();
    const options = { ...ADMIN, caps: ["event-positions"] };
    const before = await WireClient.open(url, options);
    const start = (await before.call("events.position")).payload;
    before.socket.terminate();
    const other = await WireClient.open(url, ADMIN);
    await other.call("chat.send", { sessionKey: "agent:main:main", message: "hi", idempotencyKey: "missed" });
    await other.next((frame) => frame.event === "chat" && frame.payload.state === "final");
    const back = await WireClient.open(url, options);
    const missed = (await back.call("events.resume", start)).payload;
    expect(missed).toMatchObject({ reset: false, more: false });
    const names = missed.events.map((event: { event: string }) => event.event);
    expect(names.filter((name: string) => name === "chat")).toHaveLength(1);
    const offsets = missed.events.map((event: { offset: number }) => event.offset);
    expect(offsets).toEqual([...offsets].sort((left: number, right: number) => left - right));
    const again = (await back.call("events.resume", missed.position)).payload;
    expect(again.events).toEqual([]);
    expect((await back.call("events.resume", { epoch: "another", offset: 0 })).payload.reset).toBe(true);
    expect((await back.call("events.resume", { epoch: start.epoch, offset: 1e9 })).payload.reset).toBe(true);
    await back.call("chat.send", { sessionKey: "agent:main:main", message: "live", idempotencyKey: "live" });
    const live = await back.next((frame) => frame.event === "chat" && frame.payload.state === "final");
    expect((live["position"] as { offset: number }).offset).toBeGreaterThan(missed.position.offset);
  });
});

describe("logs", () => {
  it("returns lines after a cursor and starts over when the file shrank", async () => {
    const { url, services } = await testGateway({ logLevel: "info" });
    const client = await WireClient.open(url);
    const first = (await client.call("logs.tail")).payload;
    services.logger.info("a line for the tail", { secretToken: TEST_TOKEN });
    await expect
      .poll(async () => (await client.call("logs.tail", { cursor: first.cursor })).payload.lines.join(""))
      .toContain("a line for the tail");
    const tail = (await client.call("logs.tail", { cursor: first.cursor })).payload;
    expect(tail.lines.join("")).not.toContain(TEST_TOKEN);
    expect((await client.call("logs.tail", { cursor: tail.size + 1_000 })).payload.reset).toBe(true);
    const cut = (await client.call("logs.tail", { cursor: 0, maxBytes: 200 })).payload;
    expect(cut).toMatchObject({ truncated: true, skippedBytes: expect.any(Number) });
    expect((await client.call("logs.tail", { limit: 0 })).error.message).toContain("at /limit");
  });
});

describe("deliveries", () => {
  it("lists a failed turn as dead, explains it and asks it again", async () => {
    const { url } = await testGateway();
    const client = await WireClient.open(url, ADMIN);
    await client.call("agent", {
      sessionKey: "agent:main:main",
      message: "who are you",
      idempotencyKey: "will-fail",
      model: "nobody/nothing",
    });
    await expect
      .poll(async () => (await client.call("deliveries.list", {})).payload.deliveries)
      .toMatchObject([{ id: "will-fail", kind: "turn", status: "failed", text: "who are you" }]);
    const { payload } = await client.call("deliveries.explain", { id: "will-fail" });
    expect(payload.delivery.reason).toContain("nobody");
    expect((await client.call("deliveries.replay", { id: "will-fail" })).payload).toEqual({
      ok: true,
      id: "will-fail",
      kind: "turn",
    });
    expect((await client.call("deliveries.explain", { id: "unknown" })).error.code).toBe("INVALID_REQUEST");
    expect((await client.call("status")).payload.books.turns.balanced).toBe(true);
  });
});
