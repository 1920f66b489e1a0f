import { onTestFinished } from "vitest";
import { startGateway } from "../../../src/gateway/compose.ts";
import type { GatewayOptions, RunningGateway } from "../../../src/gateway/gateway-options.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

export const TEST_TOKEN = "token-of-the-test-gateway";

/** A real gateway on a free loopback port with a state folder of its own; stopped when the test ends. */
export async function testGateway(options: GatewayOptions = {}): Promise<RunningGateway> {
  const gateway = await startGateway({
    stateDir: options.stateDir ?? (await temporaryFolder()),
    port: 0,
    token: TEST_TOKEN,
    env: {},
    logLevel: "silent",
    stopLimitMs: 1_000,
    ...options,
  });
  onTestFinished(() => gateway.dispose());
  return gateway;
}
