import { expect, it } from "vitest";
import type { CliBackend, CliBackendConfig } from "../../../src/contracts/capabilities.ts";
import { systemClock } from "../../../src/kernel/clock.ts";
import { runCliBackend } from "../../../src/runtime/cli-backends/run.ts";
import { CliSessionBook } from "../../../src/runtime/cli-backends/session-book.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** What a program sees of the gateway's environment. */
async function seenBy(config: Partial<CliBackendConfig>): Promise<Record<string, string>> {
  const script = "console.log(JSON.stringify(process.env))";
  const answer = await runCliBackend({
    backend: { id: "cli", config: { command: process.execPath } } as CliBackend,
    config: { command: process.execPath, args: ["-e", script, "--"], output: "text", ...config },
    hostConfig: {},
    modelId: "m",
    context: { messages: [{ role: "user", content: "hi", timestamp: 0 }] },
    conversation: undefined,
    thinkingLevel: "off",
    workspaceDir: await temporaryFolder(),
    turnTimeoutMs: 60_000,
    env: {
      PATH: process.env["PATH"],
      SLUICE_GATEWAY_TOKEN: "key",
      OPENCLAW_GATEWAY_TOKEN: "key",
      OPENCLAW_GATEWAY_PASSWORD: "key",
      MODEL_KEY: "kept",
    },
    signal: undefined,
    clock: systemClock,
    sessions: new CliSessionBook(),
    onDelta() {},
  });
  return JSON.parse(answer.text) as Record<string, string>;
}

it("[F087] keeps the owner's key to the gateway from a program that answers for a model", async () => {
  const seen = await seenBy({});
  expect(Object.values(seen)).not.toContain("key");
  expect(seen).toMatchObject({ MODEL_KEY: "kept" });
  expect(await seenBy({ clearEnv: ["MODEL_KEY"] })).not.toHaveProperty("MODEL_KEY");
  expect(await seenBy({ env: { SLUICE_GATEWAY_TOKEN: "given" } })).toMatchObject({
    SLUICE_GATEWAY_TOKEN: "given",
  });
});
