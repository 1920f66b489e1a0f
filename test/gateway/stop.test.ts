import { describe, expect, it, onTestFinished } from "vitest";
import { spawnGateway } from "../support/spawned-gateway.ts";
import { pluginConfig } from "./support/plugin.ts";

async function spawned(register: string) {
  const gateway = await spawnGateway({ env: { SLUICE_CONFIG_PATH: await pluginConfig(register) } });
  onTestFinished(() => gateway.dispose());
  return gateway;
}

describe("a gateway that is told to stop", () => {
  it("stops in order although plugins are still being told that it has started", async () => {
    const gateway = await spawned(
      `api.on("gateway_start", () => new Promise((resolve) => setTimeout(resolve, 700)));`,
    );
    expect(await gateway.stop()).toBe(0);
  });

  it("ends within seconds although a plugin never lets the start end", async () => {
    const gateway = await spawned(
      `api.on("gateway_start", () => new Promise(() => {}), { timeoutMs: 60_000 });`,
    );
    const began = performance.now();
    await gateway.stop();
    expect(performance.now() - began).toBeLessThan(6_000);
    expect(gateway.process.signalCode).toBeNull();
  });
});
