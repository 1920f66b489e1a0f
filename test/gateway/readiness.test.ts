import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startGateway } from "../../src/gateway/compose.ts";
import { GatewayProgress, TROUBLE_SHOWN_MS } from "../../src/gateway/readiness.ts";
import { ManualClock } from "../../src/kernel/manual-clock.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("readiness", () => {
  it("names a store that could not be written until a minute has passed without trouble", async () => {
    const clock = new ManualClock();
    const progress = new GatewayProgress({ startedAt: 0, version: "1" }, () => clock.monotonic());
    for (const part of ["store", "configuration", "plugins", "agent", "channels", "services"] as const) {
      progress.opened(part);
    }
    expect(progress.failing()).toEqual([]);
    expect(progress.troubled("store")).toBe(true);
    expect(progress.troubled("store")).toBe(false);
    expect(progress.failing()).toEqual(["store"]);
    await clock.advance(TROUBLE_SHOWN_MS - 1);
    expect(progress.failing()).toEqual(["store"]);
    await clock.advance(1);
    expect(progress.failing()).toEqual([]);
    expect(progress.troubled("store")).toBe(true);
  });
});

it("a start says what is wrong with the state folder and what to do", async () => {
  const file = join(await temporaryFolder(), "not-a-folder");
  await writeFile(file, "");
  await chmod(file, 0o600);
  const start = startGateway({ stateDir: join(file, "state"), port: 0, env: {}, logLevel: "silent" });
  await expect(start).rejects.toMatchObject({
    code: "STATE_FOLDER_UNUSABLE",
    message: expect.stringMatching(/is no folder; move what is there away, or set SLUICE_STATE_DIR/),
  });
});
