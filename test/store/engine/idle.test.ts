import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { openDatabase } from "../../../src/store/engine/index.ts";
import { CHECKPOINT_AFTER_WRITES } from "../../../src/store/engine/worker-host.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { buildSampleWorker } from "../support/build-worker.ts";
import type { SampleProcedures } from "../support/sample-definition.ts";

it("moves the log into the file by itself once it is idle after enough writes", async () => {
  const workerFile = await buildSampleWorker("idle");
  const file = join(await temporaryFolder(), "sample.db");
  const database = await openDatabase<SampleProcedures>({ file, workerFile });
  onTestFinished(() => database.dispose());
  const { call } = database;
  await Promise.all(
    Array.from({ length: CHECKPOINT_AFTER_WRITES }, () => call.ledger.append({ note: "x", bytes: 3_000 })),
  );
  expect((await database.stats()).walBytes).toBeGreaterThan(1_000_000);
  await vi.waitFor(async () => expect((await database.stats()).fileBytes).toBeGreaterThan(1_000_000), {
    timeout: 20_000,
    interval: 25,
  });
});
