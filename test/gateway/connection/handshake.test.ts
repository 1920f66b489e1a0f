import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { AUTH_MAX_ATTEMPTS } from "../../../src/protocol/limits.ts";
import { TEST_TOKEN, testGateway } from "../support/gateway.ts";
import { testDevice, WireClient } from "../support/wire-client.ts";

const ADMIN = ["operator.admin", "operator.read", "operator.write", "operator.approvals", "operator.pairing"];

describe("the handshake of operators", () => {
  it("greets a command-line client without a device and keeps the scopes it asked for", async () => {
    const { url } = await testGateway();
    const client = new WireClient(url);
    const challenge = await client.event("connect.challenge");
    expect(challenge).not.toHaveProperty("seq");
    expect(challenge.payload).toMatchObject({ nonce: expect.any(String), ts: expect.any(Number) });
    const { payload } = await client.connect();
    expect(payload).toMatchObject({
      type: "hello-ok",
      protocol: 4,
      auth: { method: "token", role: "operator", scopes: ["operator.read"] },
      policy: {
        maxPayload: 26_214_400,
        maxBufferedBytes: 52_428_800,
        tickIntervalMs: 30_000,
        attachments: { maxBytes: 19_464_192, maxImageBytes: 6_291_456 },
      },
    });
    expect(payload.auth.recoveryScope).toHaveLength(43);
    expect(payload.auth).not.toHaveProperty("deviceToken");
    expect(payload.snapshot.sessionDefaults.mainSessionKey).toBe("agent:main:main");
    expect(payload.snapshot).not.toHaveProperty("configPath");
    expect(payload.snapshot.presence[0].reason).toBe("self");
  });

  it("shows paths only to admins and no state to anybody without a scope", async () => {
    const gateway = await testGateway();
    const admin = new WireClient(gateway.url);
    const { snapshot } = (await admin.connect({ scopes: ADMIN })).payload;
    expect(snapshot).toMatchObject({ stateDir: gateway.stateDir, authMode: "token" });
    const probe = new WireClient(gateway.url);
    const hello = (await probe.connect({ client: { mode: "probe" }, minProtocol: 3 })).payload;
    expect(JSON.stringify(hello)).not.toContain(gateway.stateDir);
  });

  it("gives a device a token, the same on every connect", async () => {
    const { url } = await testGateway();
    const device = testDevice();
    const first = (await new WireClient(url).connect({ device, scopes: ADMIN })).payload.auth;
    const second = (await new WireClient(url).connect({ device, scopes: ADMIN })).payload.auth;
    expect(first).toMatchObject({ recoveryMigrationAllowed: true, issuedAtMs: expect.any(Number) });
    expect(first.deviceToken).toHaveLength(43);
    expect(second.deviceToken).toBe(first.deviceToken);
    expect(second.issuedAtMs).toBe(first.issuedAtMs);
  });

  it("lets a device in with its own token and no more scopes than the token has", async () => {
    const { url } = await testGateway();
    const device = testDevice();
    const { deviceToken } = (await new WireClient(url).connect({ device })).payload.auth;
    const again = await new WireClient(url).connect({ device, auth: { deviceToken } });
    expect(again.payload.auth).toMatchObject({
      method: "device-token",
      scopes: ["operator.read"],
      deviceToken,
    });
    const greedy = new WireClient(url);
    const refused = await greedy.connect({ device, auth: { deviceToken }, scopes: ADMIN });
    expect(refused.error.details.code).toBe("AUTH_SCOPE_MISMATCH");
    expect((await greedy.closed).code).toBe(1008);
  });

  it("keeps no scopes of a device-less probe, which may still ask for health", async () => {
    const { url } = await testGateway();
    const probe = await WireClient.open(url, { client: { mode: "probe" }, minProtocol: 3 });
    expect((await probe.call("health")).ok).toBe(true);
    for (const method of ["status", "system-presence", "config.get"]) {
      expect((await probe.call(method)).error).toEqual({
        code: "FORBIDDEN",
        message: "missing scope: operator.read",
        details: {
          code: "MISSING_SCOPE",
          missingScope: "operator.read",
          requiredScopes: ["operator.read"],
        },
      });
    }
  });

  it("does not believe the scopes of a device-less client of another kind", async () => {
    const { url } = await testGateway();
    const client = new WireClient(url);
    const hello = await client.connect({ scopes: ADMIN, client: { id: "test", mode: "test" } });
    expect(hello.payload.auth.scopes).toEqual([]);
  });

  it("cuts scopes down to those of the x-openclaw-scopes header", async () => {
    const { url } = await testGateway();
    const client = new WireClient(url, { "x-openclaw-scopes": "operator.read, operator.talk" });
    expect((await client.connect({ scopes: ADMIN })).payload.auth.scopes).toEqual(["operator.read"]);
  });
});

describe("refused handshakes", () => {
  const refusals: [string, Parameters<WireClient["connect"]>[0], number, object][] = [
    [
      "wrong token",
      { auth: { token: "wrong" } },
      1008,
      {
        code: "INVALID_REQUEST",
        message:
          "unauthorized: gateway token mismatch (use this gateway's gateway.auth.token or pair the device)",
        details: {
          code: "AUTH_TOKEN_MISMATCH",
          authReason: "token_mismatch",
          canRetryWithDeviceToken: false,
          recommendedNextStep: "update_auth_credentials",
        },
      },
    ],
    [
      "wrong token with a device",
      { auth: { token: "wrong" }, device: testDevice() },
      1008,
      { details: { canRetryWithDeviceToken: true, recommendedNextStep: "retry_with_device_token" } },
    ],
    [
      "no token",
      { auth: null },
      1008,
      {
        message:
          "unauthorized: gateway token missing (use this gateway's gateway.auth.token or pair the device)",
        details: {
          code: "AUTH_TOKEN_MISSING",
          canRetryWithDeviceToken: false,
          recommendedNextStep: "update_auth_configuration",
        },
      },
    ],
    [
      "protocol 1 to 2",
      { minProtocol: 1, maxProtocol: 2 },
      1002,
      {
        message: "protocol mismatch",
        details: {
          code: "PROTOCOL_MISMATCH",
          clientMinProtocol: 1,
          clientMaxProtocol: 2,
          expectedProtocol: 4,
          minimumProbeProtocol: 3,
        },
      },
    ],
    ["protocol 5 to 9", { minProtocol: 5, maxProtocol: 9 }, 1002, { message: "protocol mismatch" }],
    [
      "another nonce",
      { device: testDevice(), spoil: (device) => Object.assign(device, { nonce: "other" }) },
      1008,
      {
        message: "device nonce mismatch",
        details: { code: "DEVICE_AUTH_NONCE_MISMATCH", reason: "device-nonce-mismatch" },
      },
    ],
    [
      "a stale signature",
      {
        device: testDevice(),
        spoil: (device) => Object.assign(device, { signedAt: Number(device["signedAt"]) - 121_000 }),
      },
      1008,
      {
        message: "device signature expired",
        details: { code: "DEVICE_AUTH_SIGNATURE_EXPIRED", reason: "device-signature-stale" },
      },
    ],
    [
      "a signature over something else",
      {
        device: testDevice(),
        spoil: (device) => Object.assign(device, { signedAt: Number(device["signedAt"]) - 1 }),
      },
      1008,
      { message: "device signature invalid" },
    ],
    [
      "an id that is not the key's",
      { device: testDevice(), spoil: (device) => Object.assign(device, { id: "0".repeat(64) }) },
      1008,
      { message: "device identity mismatch" },
    ],
    [
      "an unknown client id",
      { client: { id: "nobody" } },
      1008,
      { message: "invalid connect params: at /client/id: must be equal to one of the allowed values" },
    ],
    ["an unknown role", { role: "root" }, 1008, { message: "invalid role" }],
    [
      "a node without a device",
      { role: "node", client: { id: "node-host", mode: "node" } },
      1008,
      {
        code: "NOT_PAIRED",
        message: "device identity required",
        details: { code: "DEVICE_IDENTITY_REQUIRED" },
      },
    ],
    [
      "the control page without a device",
      { client: { id: "openclaw-control-ui", mode: "ui" } },
      1008,
      { details: { code: "CONTROL_UI_DEVICE_IDENTITY_REQUIRED" } },
    ],
  ];

  it.each(refusals)("answers %s with its error and close code", async (_case, options, code, error) => {
    const { url } = await testGateway();
    const client = new WireClient(url);
    const answer = await client.connect(options);
    expect(answer).toMatchObject({ ok: false, error });
    const closed = await client.closed;
    expect(closed.code).toBe(code);
    expect(answer.error.message.startsWith(closed.reason.slice(0, 100))).toBe(true);
  });

  it("asks for connect first", async () => {
    const { url } = await testGateway();
    const client = new WireClient(url);
    await client.event("connect.challenge");
    const answer = await client.call("health", {});
    expect(answer.error).toEqual({
      code: "INVALID_REQUEST",
      message: "invalid handshake: first request must be connect",
    });
    expect(await client.closed).toEqual({
      code: 1008,
      reason: "invalid handshake: first request must be connect",
    });
  });

  it("names the first missing parameter", async () => {
    const { url } = await testGateway();
    const client = new WireClient(url);
    await client.event("connect.challenge");
    const answer = await client.call("connect", {});
    expect(answer.error.message).toBe("invalid connect params: must have required property 'minProtocol'");
  });

  it.each(["this is not json", "[1,2]", '{"type":"zzz"}'])(
    "closes without an answer after %s",
    async (text) => {
      const { url } = await testGateway();
      const client = new WireClient(url);
      await client.event("connect.challenge");
      client.send(text);
      expect(await client.closed).toEqual({ code: 1000, reason: "" });
      expect(client.frames).toHaveLength(1);
    },
  );

  it("refuses more than 64 KiB before the handshake and nothing smaller", async () => {
    const { url } = await testGateway();
    const small = new WireClient(url);
    await small.event("connect.challenge");
    small.send("x".repeat(65_536));
    expect((await small.closed).code).toBe(1000);
    const large = new WireClient(url);
    await large.event("connect.challenge");
    large.send("x".repeat(65_537));
    expect(await large.closed).toEqual({ code: 1009, reason: "" });
  });

  it("closes a silent socket after 15 seconds", async () => {
    const clock = new ManualClock();
    const { url } = await testGateway({ clock });
    const client = new WireClient(url);
    await client.event("connect.challenge");
    await clock.advance(14_999);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    await clock.advance(1);
    expect(await client.closed).toEqual({ code: 1000, reason: "" });
  });

  it("negotiates no compression", async () => {
    const { url } = await testGateway();
    const client = await WireClient.open(url);
    expect(client.socket.extensions).toBe("");
  });
});

describe("origins", () => {
  it.each(["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://localhost:1", "file://"])(
    "refuses a page of %s",
    async (origin) => {
      const { url } = await testGateway();
      const client = new WireClient(url, { Origin: origin });
      const answer = await client.connect({ auth: { token: TEST_TOKEN }, device: testDevice() });
      expect(answer.error.details.code).toBe("CONTROL_UI_ORIGIN_NOT_ALLOWED");
      expect((await client.closed).code).toBe(1008);
    },
  );

  it("refuses a page whose own name was pointed here", async () => {
    const { url, port } = await testGateway();
    const host = `rebound.example:${port}`;
    const client = new WireClient(url, { Origin: `http://${host}`, Host: host });
    expect((await client.connect()).error.details.code).toBe("CONTROL_UI_ORIGIN_NOT_ALLOWED");
  });

  it("takes the gateway's own page, pairing its device silently", async () => {
    const { url, httpUrl } = await testGateway();
    const client = new WireClient(url, { Origin: httpUrl });
    const answer = await client.connect({
      device: testDevice(),
      scopes: ["operator.read", "operator.write"],
      client: { id: "openclaw-control-ui", mode: "webchat" },
    });
    expect(answer.payload.auth.scopes).toEqual(["operator.read", "operator.write"]);
  });

  it("does not pair another program's page silently", async () => {
    const { url, httpUrl } = await testGateway();
    const client = new WireClient(url, { Origin: httpUrl });
    const answer = await client.connect({ device: testDevice(), client: { id: "test", mode: "test" } });
    expect(answer.error).toMatchObject({ code: "NOT_PAIRED", details: { reason: "not-paired" } });
    expect((await client.closed).reason).toContain("requestId:");
  });

  it.each(["X-Forwarded-For", "X-Forwarded-Port", "Forwarded"])(
    "refuses %s from a peer that is no proxy of ours",
    async (name) => {
      const { url } = await testGateway();
      const client = new WireClient(url, { [name]: "10.0.0.1" });
      const status = await new Promise((resolve) => {
        client.socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
      });
      expect(status).toBe(403);
    },
  );

  it.each(["Via", "CF-Connecting-IP", "Tailscale-User-Login"])(
    "takes nobody for local who comes with %s: a tunnel or proxy stands between",
    async (name) => {
      const { url } = await testGateway();
      const client = await WireClient.open(url, { scopes: ["operator.admin"] }, { [name]: "1.1 relay" });
      expect(client.frames.at(-1)?.payload.auth.scopes).toEqual([]);
    },
  );

  it("refuses more header lines than it reads: the one that tells the origin could be behind them", async () => {
    const { url } = await testGateway();
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`x-${index}`, "y"]));
    const client = new WireClient(url, many);
    const status = await new Promise((resolve) => {
      client.socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
    });
    expect(status).toBe(431);
  });
});

describe("what a client says of itself", () => {
  it("is shown to others as one bounded line each, and proves the device as it was sent", async () => {
    const { url } = await testGateway();
    const reader = await WireClient.open(url, { scopes: ADMIN });
    const long = `\u202e\u001b[2Jnice\n${"x".repeat(10_000)}`;
    const client = {
      id: "openclaw-ios",
      mode: "ui",
      displayName: long,
      platform: long,
      deviceFamily: long,
      version: long,
    };
    const device = testDevice();
    const connected = await new WireClient(url).connect({ device, client, scopes: ["operator.read"] });
    expect(connected.ok).toBe(true);
    // The same words again are no change that somebody has to approve.
    expect((await new WireClient(url).connect({ device, client, scopes: ["operator.read"] })).ok).toBe(true);
    const shown = [
      ...(await reader.call("system-presence")).payload,
      ...(await reader.call("device.pair.list")).payload.paired,
    ].filter(({ deviceId }: { deviceId?: string }) => deviceId === device.id);
    expect(shown).toHaveLength(2);
    for (const entry of shown) {
      expect(JSON.stringify(entry).length).toBeLessThan(3_000);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
      expect(Object.values(entry).join("")).not.toMatch(/[\u0000-\u001f\u202e]/);
    }
  });

  it("says nothing of a device until it is proven: a stranger's claim neither marks it as gone nor hears of it", async () => {
    const { url } = await testGateway();
    const reader = await WireClient.open(url, { scopes: ADMIN });
    const device = testDevice();
    const client = { id: "openclaw-ios", mode: "ui" };
    await WireClient.open(url, { device, client });
    const stranger = new WireClient(url);
    const refused = await stranger.connect({
      device: { ...testDevice(), id: device.id },
      client,
      auth: null,
    });
    expect(refused.ok).toBe(false);
    await stranger.closed;
    const { payload } = await reader.call("system-presence");
    expect(payload.find((entry: { deviceId?: string }) => entry.deviceId === device.id).reason).toBe(
      "connect",
    );
  });
});

describe("limits before authentication", () => {
  it("takes 32 unauthenticated sockets of one address and answers the next with 503", async () => {
    const { url } = await testGateway();
    const waiting = Array.from({ length: 32 }, () => new WireClient(url));
    await Promise.all(waiting.map((client) => client.event("connect.challenge")));
    const extra = new WireClient(url);
    const status = await new Promise((resolve) => {
      extra.socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
    });
    expect(status).toBe(503);
    const first = waiting[0] as WireClient;
    expect((await first.connect()).ok).toBe(true);
    const next = new WireClient(url);
    expect((await next.event("connect.challenge")).event).toBe("connect.challenge");
  });

  it("gives pages that will be refused seats of their own, so that none locks this machine's clients out", async () => {
    const { url } = await testGateway();
    const page = { Origin: "https://evil.example" };
    const pages = Array.from({ length: 32 }, () => new WireClient(url, page));
    await Promise.all(pages.map((client) => client.event("connect.challenge")));
    const extra = new WireClient(url, page);
    const status = await new Promise((resolve) => {
      extra.socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
    });
    expect(status).toBe(503);
    expect((await WireClient.open(url)).frames.at(-1)?.ok).toBe(true);
  });

  it("closes a client that sends more than 15 frames while its handshake is decided", async () => {
    const clock = new ManualClock();
    const { url } = await testGateway({ clock });
    const client = new WireClient(url);
    const { payload } = await client.event("connect.challenge");
    const params = { minProtocol: 4, maxProtocol: 4, auth: { token: "wrong" } };
    const wrong = { id: "cli", version: "1", platform: "linux", mode: "cli" };
    client.send({ type: "req", id: "1", method: "connect", params: { ...params, client: wrong } });
    expect(payload.nonce).toBeDefined();
    for (let count = 0; count < 16; count++) client.send({ type: "req", id: `${count}`, method: "health" });
    expect(await client.closed).toEqual({ code: 1008, reason: "too many pending handshake frames" });
  });

  it("counts guesses of a page on this machine whatever it shows besides, and forgets nothing when it shows nothing", async () => {
    const { url, httpUrl } = await testGateway();
    const page = () => new WireClient(url, { Origin: httpUrl });
    const code = async (auth: Record<string, unknown> | null, device = testDevice()) =>
      (await page().connect({ device, auth, client: { id: "openclaw-control-ui", mode: "webchat" } })).error
        .details.code;
    // Asking without a credential is no guess and uses nothing up.
    for (let count = 0; count < AUTH_MAX_ATTEMPTS + 1; count++) {
      expect(await code(null)).toBe("AUTH_TOKEN_MISSING");
    }
    const bogus = { deviceToken: "x".repeat(43) };
    for (let count = 0; count < AUTH_MAX_ATTEMPTS; count++) {
      const guess = count % 2 === 0 ? { token: `guess-${count}` } : { password: `guess-${count}` };
      expect(await code(count % 3 === 0 ? guess : { ...guess, ...bogus })).toMatch(/MISMATCH$/);
    }
    expect(await code({ token: TEST_TOKEN })).toBe("AUTH_RATE_LIMITED");
    expect((await WireClient.open(url)).frames.at(-1)?.ok).toBe(true);
  });

  it("refuses a header of sub-protocols that is made to be read slowly", async () => {
    const { url } = await testGateway();
    const client = new WireClient(url, { "Sec-WebSocket-Protocol": `a${" ".repeat(10_000)}b` });
    const status = await new Promise((resolve) => {
      client.socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
    });
    expect(status).toBe(400);
    expect((await WireClient.open(url)).frames.at(-1)?.ok).toBe(true);
  });

  it("holds the answer to a wrong token on loopback back, longer each time", async () => {
    const clock = new ManualClock();
    const { url } = await testGateway({ clock });
    for (const delay of [250, 500, 1_000]) {
      const client = new WireClient(url);
      await client.event("connect.challenge");
      const { armed } = clock;
      const answer = client.connect({ auth: { token: "wrong" } });
      // The refusal is decided while no time passes; its answer waits for the clock.
      await expect.poll(() => clock.armed).toBeGreaterThan(armed);
      await clock.advance(delay - 1);
      expect(client.frames).toHaveLength(1);
      await clock.advance(1);
      expect((await answer).error.details.code).toBe("AUTH_TOKEN_MISMATCH");
    }
  });
});
