import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startGateway } from "../../src/gateway/compose.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { testGateway } from "./support/gateway.ts";
import { WireClient } from "./support/wire-client.ts";

it("runs two gateways in one process without one seeing the other", async () => {
  const [left, right] = await Promise.all([
    testGateway({ token: "left-token" }),
    testGateway({ token: "right-token" }),
  ]);
  const refused = new WireClient(left.url);
  expect((await refused.connect({ auth: { token: "right-token" } })).error.details.code).toBe(
    "AUTH_TOKEN_MISMATCH",
  );
  const scopes = ["operator.read", "operator.write"];
  const client = await WireClient.open(left.url, { scopes, auth: { token: "left-token" } });
  const other = await WireClient.open(right.url, { scopes, auth: { token: "right-token" } });
  await client.call("chat.send", {
    sessionKey: "agent:main:main",
    message: "hi",
    idempotencyKey: "only-left",
  });
  await client.next((frame) => frame.event === "chat" && frame.payload.state === "final");
  expect((await other.call("sessions.list")).payload.sessions).toEqual([]);
  expect(other.frames.some((frame) => frame.event === "chat")).toBe(false);
  await left.stop("done");
  expect((await other.call("health")).ok).toBe(true);
});

it("refuses a second gateway on the same state folder and takes over after a stop", async () => {
  const first = await testGateway();
  const again = () => startGateway({ stateDir: first.stateDir, port: 0, env: {}, logLevel: "silent" });
  await expect(again()).rejects.toMatchObject({ code: "GATEWAY_ALREADY_RUNNING" });
  await first.stop("make room");
  const second = await again();
  await second.stop("done");
});

it("makes a token once, readable by its owner only, and keeps it", async () => {
  const stateDir = await temporaryFolder();
  const start = () => startGateway({ stateDir, port: 0, env: {}, logLevel: "silent" });
  const first = await start();
  expect(first.token).toHaveLength(43);
  expect((await stat(join(stateDir, "gateway-token"))).mode & 0o777).toBe(0o600);
  await first.stop("done");
  const second = await start();
  expect(second.token).toBe(first.token);
  await second.stop("done");
});

it("says which port is taken", async () => {
  const { port } = await testGateway();
  const stateDir = await temporaryFolder();
  await expect(startGateway({ stateDir, port, env: {}, logLevel: "silent" })).rejects.toMatchObject({
    code: "PORT_IN_USE",
    message: expect.stringContaining("--port"),
  });
  // What was acquired before the failure was given back.
  await (await startGateway({ stateDir, port: 0, env: {}, logLevel: "silent" })).stop("done");
});

it("never writes the token to its log", async () => {
  const lines: string[] = [];
  const gateway = await testGateway({ logLevel: "debug", onLog: (line) => void lines.push(line) });
  const client = new WireClient(gateway.url);
  await client.connect({ auth: { token: `${gateway.token}x` } });
  gateway.services.logger.warn(`leaking ${gateway.token}`, {
    token: gateway.token,
    nested: { text: gateway.token },
  });
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.join("")).not.toContain(gateway.token);
});
