import { createPrivateKey, sign } from "node:crypto";
import { GatewayClient } from "@openclaw/gateway-client";
import { expect, it, onTestFinished } from "vitest";
import { TEST_TOKEN, testGateway } from "./support/gateway.ts";
import { problemsOf } from "./support/schema.ts";
import { testDevice } from "./support/wire-client.ts";

interface Received {
  event: string;
  payload: Record<string, unknown>;
}

/** The ecosystem's published client with a device identity of its own. */
async function referenceClient(url: string, scopes: string[]) {
  const device = testDevice();
  const pem = device.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  const stored = new Map<string, unknown>();
  const events: Received[] = [];
  let hello: Record<string, unknown> | undefined;
  const connected = withResolvers();
  const client = new GatewayClient({
    url,
    token: TEST_TOKEN,
    clientName: "cli" as never,
    clientVersion: "2026.9.1",
    platform: "linux",
    mode: "cli" as never,
    scopes,
    caps: ["tool-events"],
    deviceIdentity: { deviceId: device.id, publicKeyPem: device.publicKey, privateKeyPem: pem } as never,
    hostDeps: {
      signDevicePayload: (key: string, payload: string) =>
        sign(null, Buffer.from(payload), createPrivateKey(key)).toString("base64url"),
      publicKeyRawBase64UrlFromPem: (key: string) => key,
      loadDeviceAuthToken: () => stored.get("token") ?? null,
      storeDeviceAuthToken: (record: unknown) => stored.set("token", record),
      clearDeviceAuthToken: () => stored.clear(),
    } as never,
    onEvent: (event: unknown) => events.push(event as Received),
    onHelloOk: (received: unknown) => {
      hello = received as Record<string, unknown>;
      connected.resolve(undefined);
    },
    onConnectError: (error: Error) => connected.reject(error),
  });
  client.start();
  onTestFinished(() => client.stop());
  await connected.promise;
  return { client, events, hello: hello as Record<string, unknown>, stored };
}

function withResolvers() {
  let resolve = (_value: unknown) => {};
  let reject = (_error: unknown) => {};
  const promise = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

it("serves the ecosystem's published client: connect, health, status, chat, sessions", async () => {
  const { url } = await testGateway();
  const { client, events, hello, stored } = await referenceClient(url, [
    "operator.admin",
    "operator.read",
    "operator.write",
  ]);
  expect(problemsOf("HelloOk", hello)).toEqual([]);
  expect(stored.size).toBe(1);

  const health = await client.request("health");
  expect(health).toMatchObject({ ok: true, defaultAgentId: "main" });
  expect(await client.request("status", {})).toMatchObject({ pid: process.pid });
  for (const entry of (await client.request("system-presence")) as unknown as unknown[]) {
    expect(problemsOf("PresenceEntry", entry)).toEqual([]);
  }

  await client.request("sessions.subscribe", {});
  const sessionKey = "agent:main:main";
  const acknowledged = await client.request("chat.send", {
    sessionKey,
    message: "hello there",
    idempotencyKey: "first-message",
  });
  expect(acknowledged).toMatchObject({ runId: "first-message", status: "started" });
  await expect
    .poll(() => events.filter((event) => event.event === "chat").at(-1)?.payload["state"])
    .toBe("final");

  const chat = events.filter((event) => event.event === "chat").map((event) => event.payload);
  for (const payload of chat) expect(problemsOf("ChatEvent", payload), JSON.stringify(payload)).toEqual([]);
  expect(chat.filter((payload) => payload["state"] === "final")).toHaveLength(1);
  for (const { payload } of events.filter((event) => event.event === "agent")) {
    expect(problemsOf("AgentEvent", payload), JSON.stringify(payload)).toEqual([]);
  }

  const history = (await client.request("chat.history", { sessionKey, limit: 10 })) as {
    messages: { role: string; __openclaw: { seq: number } }[];
  };
  expect(history.messages.map((message) => [message.role, message.__openclaw.seq])).toEqual([
    ["user", 1],
    ["assistant", 2],
  ]);
  const told = chat.filter((payload) => payload["state"] === "delta").map((payload) => payload["deltaText"]);
  const final = chat.at(-1)?.["message"] as { content: { text: string }[] };
  expect(told.join("")).toBe(final.content[0]?.text);

  const sessions = (await client.request("sessions.list", {})) as { sessions: { key: string }[] };
  expect(sessions.sessions.map((session) => session.key)).toContain(sessionKey);
  expect(
    await client.request("chat.send", {
      sessionKey,
      message: "hello there",
      idempotencyKey: "first-message",
    }),
  ).toMatchObject({
    runId: "first-message",
    status: "ok",
  });
  for (const [method, definition] of [
    ["agents.list", "AgentsListResult"],
    ["models.list", "ModelsListResult"],
    ["logs.tail", "LogsTailResult"],
    ["plugins.list", "PluginsListResult"],
  ] as const) {
    expect(problemsOf(definition, await client.request(method, {})), method).toEqual([]);
  }
  expect(
    problemsOf("PluginsInspectResult", await client.request("plugins.inspect", { pluginId: "echo" })),
  ).toEqual([]);
  const seqs = events.map((event) => (event as unknown as { seq?: number }).seq);
  expect(seqs).toEqual(seqs.map((_seq, index) => index + 1));
});

it("answers `agent` twice on one id: accepted, then the outcome", async () => {
  const { url } = await testGateway();
  const { client } = await referenceClient(url, ["operator.write"]);
  const result = await client.request(
    "agent",
    { sessionKey: "agent:main:two", message: "hi", idempotencyKey: "agent-run" },
    { expectFinal: true },
  );
  expect(result).toMatchObject({ runId: "agent-run", status: "ok", result: { payloads: [{}] } });
});
