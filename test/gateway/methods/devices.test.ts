import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { testGateway } from "../support/gateway.ts";
import { type TestDevice, testDevice, WireClient } from "../support/wire-client.ts";

const ADMIN = { scopes: ["operator.admin", "operator.pairing"] };

/** A gateway where every device waits for approval, and somebody who may give it. */
async function strictGateway() {
  const configPath = join(await temporaryFolder(), "sluice.json");
  await writeFile(configPath, "{ gateway: { nodes: { pairing: { autoApproveLocal: false } } } }");
  const { url } = await testGateway({ configPath });
  const admin = await WireClient.open(url, ADMIN);
  const ask = async (device: TestDevice, scopes: string[]): Promise<string> => {
    const refused = await new WireClient(url).connect({ device, scopes });
    return refused.error.details.requestId as string;
  };
  const tokenOf = async (device: TestDevice, scopes: string[]): Promise<string> => {
    await admin.call("device.pair.approve", { requestId: await ask(device, scopes) });
    const hello = await new WireClient(url).connect({ device, scopes });
    return hello.payload.auth.deviceToken as string;
  };
  return { url, admin, ask, tokenOf };
}

describe("a device that came in with its own token", () => {
  it("sees, approves, refuses, removes and revokes no other device, whatever it was paired for", async () => {
    const { url, admin, ask, tokenOf } = await strictGateway();
    const scopes = ["operator.pairing", "operator.read", "operator.write"];
    const mine = testDevice();
    const deviceToken = await tokenOf(mine, scopes);
    const paired = testDevice();
    await tokenOf(paired, ["operator.read"]);
    const waiting = testDevice();
    const requestId = await ask(waiting, ["operator.read"]);

    const client = await WireClient.open(url, { device: mine, scopes, auth: { deviceToken } });
    const listed = await client.call("device.pair.list");
    expect(listed.payload.pending).toEqual([]);
    expect(listed.payload.paired).toMatchObject([{ deviceId: mine.id }]);
    const calls: [string, object][] = [
      ["device.pair.approve", { requestId }],
      ["device.pair.reject", { requestId }],
      ["device.pair.remove", { deviceId: paired.id }],
      ["device.token.revoke", { deviceId: paired.id, role: "operator" }],
    ];
    for (const [method, params] of calls) {
      expect((await client.call(method, params)).error, method).toMatchObject({ code: "FORBIDDEN" });
    }
    // Nothing happened to either.
    expect((await admin.call("device.pair.list")).payload.pending).toMatchObject([{ requestId }]);
    expect((await admin.call("device.pair.approve", { requestId })).ok).toBe(true);
    expect((await new WireClient(url).connect({ device: paired, scopes: ["operator.read"] })).ok).toBe(true);
  });

  it("decides in its own name, not in the one it gives itself", async () => {
    const { url } = await testGateway();
    const device = testDevice();
    const scopes = ["operator.approvals"];
    const client = { id: "openclaw-ios", mode: "ui", displayName: "The owner" };
    const judge = await WireClient.open(url, { device, scopes, client });
    void judge.call("plugin.approval.request", {
      title: "Pay?",
      pluginId: "p",
      sessionKey: "agent:main:main",
    });
    const { id } = (await judge.event("plugin.approval.requested")).payload;
    const { payload } = await judge.call("approval.resolve", { id, kind: "plugin", decision: "deny" });
    expect(payload.approval.resolver).toEqual({ kind: "device", id: device.id });
  });

  it("keeps no connection when it is removed in the very moment it connects", async () => {
    const { url } = await testGateway();
    const admin = await WireClient.open(url, ADMIN);
    for (let round = 0; round < 12; round++) {
      const device = testDevice();
      await WireClient.open(url, { device });
      const again = new WireClient(url);
      await again.event("connect.challenge");
      const [answer] = await Promise.all([
        again.connect({ device }).catch(() => undefined),
        admin.call("device.pair.remove", { deviceId: device.id }),
      ]);
      const { paired } = (await admin.call("device.pair.list")).payload;
      const known = paired.some(({ deviceId }: { deviceId: string }) => deviceId === device.id);
      if (known) continue;
      // It was forgotten last, so whatever it had been told, its socket is gone.
      expect(answer === undefined || (await again.closed).code === 4001).toBe(true);
    }
  });
});
