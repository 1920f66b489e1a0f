import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import { contract } from "./support.ts";

const SERVICE = `api.registerGatewayDiscoveryService({ id: "lan", async advertise(ctx) {
    seen.push(JSON.parse(JSON.stringify(ctx)));
    return { stop() { globalThis.lanStops = (globalThis.lanStops ?? 0) + 1; } };
  } });`;

describe("announcing a running gateway", () => {
  it("[F070] [F071] a plugin's service advertises when the gateway listens and stops when it ends", async () => {
    const stops = () => (globalThis as { lanStops?: number }).lanStops ?? 0;
    const before = stops();
    const { gateway, seen } = await contract({ register: SERVICE });
    await expect.poll(seen).toHaveLength(1);
    expect(stops()).toBe(before);
    await gateway.dispose();
    expect(stops()).toBe(before + 1);
  });

  it("[F072] [F073] it is told how to reach the gateway, and nothing that would let anybody in", async () => {
    const { gateway, seen } = await contract({ register: SERVICE });
    await expect.poll(seen).toHaveLength(1);
    const [told] = await seen();
    expect(told).toEqual({
      machineDisplayName: hostname(),
      gatewayPort: Number(new URL(gateway.url).port),
      gatewayTlsEnabled: false,
      gatewayDirectReachable: false,
      minimal: true,
    });
    expect(JSON.stringify(told)).not.toContain("token");
    const full = await contract({ register: SERVICE }, { config: { discovery: { mdns: { mode: "full" } } } });
    await expect.poll(full.seen).toMatchObject([{ minimal: false }]);
  });

  it("[F071] [F047] nothing is announced when the operator turned that off", async () => {
    const { seen, call } = await contract(
      { register: SERVICE },
      { config: { discovery: { mdns: { mode: "off" } } } },
    );
    const { contributions } = await call("plugins.inspect", { pluginId: "probe" });
    expect(contributions.gatewayDiscoveryService).toEqual(["lan"]);
    expect(await seen()).toEqual([]);
  });
});
