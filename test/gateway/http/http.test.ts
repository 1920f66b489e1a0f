import { request } from "node:http";
import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { startGateway } from "../../../src/gateway/compose.ts";
import { MAX_HEADER_LINES } from "../../../src/gateway/http/header-lines.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { TEST_TOKEN, testGateway } from "../support/gateway.ts";
import { pluginConfig } from "../support/plugin.ts";
import { testDevice, WireClient } from "../support/wire-client.ts";

const ROUTES = `
  const say = (text) => (request, response) => { response.end(text); };
  api.registerHttpRoute({ path: "/hook", auth: "plugin", handler: say("hook") });
  api.registerHttpRoute({ path: "/secret", auth: "gateway", match: "prefix", handler: say("secret") });
  api.registerHttpRoute({ path: "/deep", auth: "plugin", match: "prefix", handler: say("deep") });
  api.registerHttpRoute({ path: "/deep/exact", auth: "plugin", handler: () => false });
  api.registerHttpRoute({ path: "/throws", auth: "plugin", handler: () => { throw new Error("broken"); } });
  api.registerHttpRoute({ path: "/api", auth: "plugin", match: "prefix", handler: say("secret") });
  api.registerHttpRoute({ path: "/api/channels/x", auth: "gateway", handler: say("secret") });
  api.registerChannel({ id: "Letters", capabilities: { chatTypes: ["direct"] }, config: { listAccountIds: () => [], resolveAccount: () => ({}) } });
  api.registerHttpRoute({ path: "/api/channels/letters/callback", auth: "plugin", handler: say("callback") });
  api.registerHttpRoute({ path: "/api/channels/letters", auth: "plugin", handler: say("secret") });
  api.registerHttpRoute({ path: "/api/channels/letters/all", match: "prefix", auth: "plugin", handler: say("secret") });
  api.registerHttpRoute({ path: "/api/channels/others/callback", auth: "plugin", handler: say("secret") });
  api.registerHttpRoute({ path: "/echo", auth: "plugin", handler: (request, response) => request.pipe(response) });
  api.registerGatewayMethod("probe.echo", ({ params }) => ({ got: params }), { scope: "operator.read" });
  api.registerGatewayMethod("probe.admin", () => "done");
  api.registerGatewayMethod("probe.respond", ({ respond }) => { respond(true, { late: true }); }, { scope: "operator.read" });
  api.registerGatewayMethod("probe.fail", ({ respond }) => { respond(false, undefined, { code: "NOT_PAIRED", message: "no" }); }, { scope: "operator.read" });
  api.registerGatewayMethod("config.probe", () => "ok", { scope: "operator.read" });
`;

/** A request whose path is sent exactly as given. */
function raw(
  port: number,
  path: string,
  options: { headers?: Record<string, string>; method?: string; body?: string } = {},
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path, method: options.method ?? "GET", headers: options.headers ?? {} },
      (response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += String(chunk);
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(options.body);
  });
}

/** A gateway that asks for no credential. */
async function startedWithoutToken(configPath: string) {
  const gateway = await startGateway({
    stateDir: await temporaryFolder(),
    configPath,
    port: 0,
    env: {},
    logLevel: "silent",
    stopLimitMs: 1_000,
  });
  onTestFinished(() => gateway.dispose());
  return gateway;
}

const BEARER = { Authorization: `Bearer ${TEST_TOKEN}` };

describe("probes", () => {
  it("answer without a credential, GET and HEAD only, with details for local callers", async () => {
    const { port } = await testGateway();
    expect((await raw(port, "/healthz")).body).toBe('{"ok":true,"status":"live"}');
    const ready = await raw(port, "/readyz");
    expect(JSON.parse(ready.body)).toMatchObject({ ready: true, failing: [], uptimeMs: expect.any(Number) });
    expect(ready.headers["cache-control"]).toBe("no-store");
    expect((await raw(port, "/ready", { method: "POST" })).status).toBe(405);
    const remote = await raw(port, "/readyz", { headers: { Host: "gateway.example" } });
    expect(remote.body).toBe('{"ready":true}');
    const admitted = await raw(port, "/startupz", { headers: { Host: "gateway.example", ...BEARER } });
    expect(JSON.parse(admitted.body)).toMatchObject({
      ok: true,
      status: "started",
      version: expect.any(String),
    });
  });
});

describe("[F068] plugin routes", () => {
  it("serve by their own declaration of auth, exact before prefix, false falling through", async () => {
    const { port } = await testGateway({ configPath: await pluginConfig(ROUTES) });
    expect((await raw(port, "/hook")).body).toBe("hook");
    expect((await raw(port, "/deep/exact")).body).toBe("deep");
    expect((await raw(port, "/deep/other?q=1")).body).toBe("deep");
    expect((await raw(port, "/deeper")).status).toBe(404);
    expect((await raw(port, "/echo", { method: "POST", body: "hello" })).body).toBe("hello");
    const nowhere = await raw(port, "/nowhere");
    expect(nowhere.status).toBe(404);
    expect(JSON.parse(nowhere.body)).toEqual({ error: { message: "Not Found", type: "not_found" } });
    expect(nowhere.headers["x-content-type-options"]).toBe("nosniff");
  });

  it("demand the gateway's credential however the path is written", async () => {
    const { port } = await testGateway({ configPath: await pluginConfig(ROUTES) });
    for (const path of [
      "/secret",
      "/SECRET/",
      "//secret",
      "/./secret/x",
      "/hook/../secret",
      "/%73ecret",
      "/%2573ecret",
      "/secret%2Fx",
      "/api/channels/x",
      "/API%2fchannels/x",
      "/api/channels",
      "/api/channels/other",
      "/api/channels/letters/callback/../x",
      // Only the exact place of the plugin's own channel is open.
      "/api/channels/letters",
      "/api/channels/letters/all",
      "/api/channels/letters/all/callback",
      "/api/channels/others/callback",
      "/api/channels/letters/callback/more",
      "/api/channels/letters/callback%2fmore",
      "/api/channels/letters/callback;x",
      "/api/channels/letters/callback.",
      "/api/channels/letters/%63allback%252f..%252f..%252fx",
    ]) {
      const refused = await raw(port, path);
      expect(refused.status, path).toBe(401);
      expect(refused.body, path).not.toContain("secret");
    }
    expect((await raw(port, "/api/channels/letters/callback")).body).toBe("callback");
    expect((await raw(port, "/API/channels//Letters/callback/?state=1")).body).toBe("callback");
    // A path that reads as the callback only after decoding is not taken at its word.
    expect((await raw(port, "/api/channels/letters/%63allback")).status).toBe(401);
    expect((await raw(port, "/api/channels/letters/all/x", { headers: BEARER })).body).toBe("secret");
    expect((await raw(port, "/secret/x", { headers: BEARER })).body).toBe("secret");
    expect((await raw(port, "/%2573ecret", { headers: BEARER })).body).toBe("secret");
    expect((await raw(port, "/%zz", { headers: BEARER })).status).toBe(400);
  });

  it("refuse wrong tokens, foreign pages and forged proxies", async () => {
    const { port } = await testGateway({ configPath: await pluginConfig(ROUTES) });
    expect((await raw(port, "/secret", { headers: { Authorization: "Bearer wrong" } })).status).toBe(401);
    expect(
      (await raw(port, "/secret", { headers: { ...BEARER, Origin: "https://evil.example" } })).status,
    ).toBe(403);
    expect(
      (await raw(port, "/secret", { headers: { ...BEARER, "X-Forwarded-For": "1.2.3.4" } })).status,
    ).toBe(403);
  });

  it("refuse requests with more header lines than are read: any of them could be behind", async () => {
    const { port } = await testGateway({ configPath: await pluginConfig(ROUTES) });
    // Host and Connection make two more.
    const lines = (count: number) =>
      Object.fromEntries(Array.from({ length: count - 2 }, (_, index) => [`x-${index}`, "y"]));
    expect((await raw(port, "/hook", { headers: lines(MAX_HEADER_LINES) })).status).toBe(200);
    const headers = { ...lines(MAX_HEADER_LINES), ...BEARER, Origin: "https://evil.example" };
    expect((await raw(port, "/secret", { headers })).status).toBe(431);
  });

  it("without authentication take no page of somebody else, with an origin or without", async () => {
    const configPath = await pluginConfig(ROUTES, { gateway: { auth: { mode: "none" } } });
    const { port } = await startedWithoutToken(configPath);
    expect((await raw(port, "/secret")).body).toBe("secret");
    expect((await raw(port, "/secret", { headers: { "Sec-Fetch-Site": "same-origin" } })).body).toBe(
      "secret",
    );
    const foreign: Record<string, string>[] = [
      { Host: `rebound.example:${port}` },
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { Origin: "https://evil.example" },
    ];
    for (const headers of foreign) {
      const refused = await raw(port, "/secret", { headers });
      expect(refused.status, JSON.stringify(headers)).toBe(403);
    }
  });

  it("answer in one shape whatever the method and however broken the path", async () => {
    const { port } = await testGateway({ configPath: await pluginConfig(ROUTES) });
    for (const [method, path, status] of [
      ["PROPFIND", "/secret", 404],
      ["TRACE", "/secret", 401],
      ["GET", "/%c0%afsecret", 400],
      ["GET", "/secret%00", 400],
      ["GET", `/secret/${"a".repeat(5_000)}`, 400],
    ] as const) {
      const answer = await raw(port, path, { method });
      expect(answer.status, path).toBe(status);
      expect(answer.headers["x-content-type-options"]).toBe("nosniff");
      expect(JSON.parse(answer.body)).toEqual({
        error: { message: expect.not.stringContaining("secret"), type: expect.any(String) },
      });
    }
  });

  it("end the connection of a request that is refused before its body is over", async () => {
    const { port } = await testGateway({ configPath: await pluginConfig(ROUTES) });
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    for (const path of ["/nowhere", "/secret"]) {
      const socket = connect(port, "127.0.0.1");
      onTestFinished(() => void socket.destroy());
      let answer = "";
      socket.on("data", (data) => {
        answer += String(data);
      });
      socket.on("error", () => {});
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
      const pump = () => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on("drain", pump);
      pump();
      await new Promise((resolve) => socket.on("close", resolve));
      expect(answer, path).toMatch(/^HTTP\/1\.1 40[14] /);
    }
  });

  it("drop the socket when a plugin's upgrade fails, at once or later", async () => {
    const configPath = await pluginConfig(`
      const handler = (request, response) => response.end();
      api.registerHttpRoute({ path: "/now", auth: "plugin", handler, handleUpgrade: () => { throw new Error("now"); } });
      api.registerHttpRoute({ path: "/later", auth: "plugin", handler, handleUpgrade: async () => { throw new Error("later"); } });
    `);
    const { url } = await testGateway({ configPath });
    for (const path of ["/now", "/later"]) {
      const client = new WireClient(url + path);
      expect((await client.closed).code).toBe(1006);
    }
    expect((await WireClient.open(url)).frames.at(-1)?.ok).toBe(true);
  });

  it("answer 500 when a handler throws and go on", async () => {
    const { port } = await testGateway({ configPath: await pluginConfig(ROUTES) });
    expect((await raw(port, "/throws")).status).toBe(500);
    expect((await raw(port, "/hook")).body).toBe("hook");
  });
});

describe("[F069] plugin methods", () => {
  it("go through the same door as ours: scope, advertisement, answers, errors", async () => {
    const { url } = await testGateway({ configPath: await pluginConfig(ROUTES) });
    const client = new WireClient(url);
    const hello = await client.connect();
    expect(hello.payload.features.methods).toEqual(expect.arrayContaining(["health", "probe.echo"]));
    expect((await client.call("probe.echo", { a: 1 })).payload).toEqual({ got: { a: 1 } });
    expect((await client.call("probe.respond")).payload).toEqual({ late: true });
    expect((await client.call("probe.fail")).error).toEqual({ code: "NOT_PAIRED", message: "no" });
    expect((await client.call("probe.admin")).error.message).toBe("missing scope: operator.admin");
    expect((await client.call("config.probe")).error.message).toBe("missing scope: operator.admin");
    const admin = await WireClient.open(url, { scopes: ["operator.admin"] });
    expect((await admin.call("probe.admin")).payload).toBe("done");
  });

  it("know their request, who asks and the configuration; their own error codes go into the details", async () => {
    const configPath = await pluginConfig(`
      api.registerGatewayMethod("probe.who", ({ req, params, client, context }) =>
        ({ req, params, connect: client.connect, loads: context.getRuntimeConfig().plugins.load.paths.length }), { scope: "operator.read" });
      const fail = (name, error) => api.registerGatewayMethod(name, ({ respond }) => respond(false, undefined, error), { scope: "operator.read" });
      fail("probe.bare", { code: "OUT_OF_INK", message: "no ink" });
      fail("probe.told", { code: "OUT_OF_INK", message: "no ink", details: { left: 0 }, retryable: true, retryAfterMs: 5 });`);
    const { url } = await testGateway({ configPath });
    const client = await WireClient.open(url);
    expect((await client.call("probe.who", { a: 1 })).payload).toEqual({
      req: { type: "req", id: expect.any(String), method: "probe.who", params: { a: 1 } },
      params: { a: 1 },
      connect: {
        role: "operator",
        scopes: ["operator.read"],
        client: expect.objectContaining({ id: "cli" }),
      },
      loads: 1,
    });
    const error = { code: "UNAVAILABLE", message: "no ink" };
    expect((await client.call("probe.bare")).error).toEqual({ ...error, details: { code: "OUT_OF_INK" } });
    expect((await client.call("probe.told")).error).toEqual({
      ...error,
      details: { code: "OUT_OF_INK", left: 0 },
      retryable: true,
      retryAfterMs: 5,
    });
  });

  it("with scope node are for nodes alone; names of settings stay the administrators', other scopes do not exist", async () => {
    const configPath = await pluginConfig(`
      api.registerGatewayMethod("probe.node", ({ client }) => ({ role: client.role }), { scope: "node" });
      api.registerGatewayMethod("config.node", () => "set", { scope: "node" });
      api.registerGatewayMethod("probe.unknown", () => "never", { scope: "operator.everything" });`);
    const { url } = await testGateway({ configPath });
    const client = { id: "node-host", mode: "node" };
    const node = await WireClient.open(url, { role: "node", scopes: [], device: testDevice(), client });
    expect((await node.call("probe.node")).payload).toEqual({ role: "node" });
    expect((await node.call("config.node")).error.message).toBe("unauthorized role: node");
    const admin = await WireClient.open(url, { scopes: ["operator.admin"] });
    expect((await admin.call("probe.node")).error.message).toBe("unauthorized role: operator");
    expect((await admin.call("config.node")).payload).toBe("set");
    expect((await admin.call("probe.unknown")).error.message).toBe("unknown method: probe.unknown");
    const { diagnostics } = (await admin.call("plugins.inspect", { pluginId: "probe" })).payload;
    expect(diagnostics.map(({ level, code }: { level: string; code: string }) => [level, code])).toEqual([
      ["warn", "scope-coerced-admin"],
      ["error", "registration-malformed"],
    ]);
  });

  it("cannot replace ours", async () => {
    const configPath = await pluginConfig(
      'api.registerGatewayMethod("health", () => "mine", { scope: "operator.read" });',
    );
    const { url } = await testGateway({ configPath });
    const client = await WireClient.open(url);
    expect((await client.call("health")).payload).toMatchObject({ ok: true });
  });
});
