import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../../../src/store/engine/index.ts";
import type { Procedure } from "../../../src/store/engine/types.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { buildSampleWorker } from "../support/build-worker.ts";

const NAMES = ["full", "broken", "locked", "damaged", "rule", "wrong", "fine"] as const;
type Disk = { disk: Record<(typeof NAMES)[number], Procedure<object, unknown>> };

it("tells of each call that failed because of the file, and of no other", async () => {
  const fails = (code: string) =>
    `async () => { throw Object.assign(new Error("as the driver says"), { code: "${code}" }); }`;
  const workerFile = await buildSampleWorker(
    "refusals",
    `{ procedures: { disk: {
      full: ${fails("SQLITE_FULL")}, broken: ${fails("SQLITE_IOERR_WRITE")}, locked: ${fails("SQLITE_READONLY_DBMOVED")},
      damaged: ${fails("SQLITE_CORRUPT")}, rule: ${fails("SQLITE_CONSTRAINT_UNIQUE")}, wrong: ${fails("ERR_OTHER")},
      fine: async () => 1,
    } } }`,
  );
  const told: string[] = [];
  const database = await openDatabase<Disk>({
    file: join(await temporaryFolder(), "sample.db"),
    workerFile,
    onRefusal: ({ code }) => told.push(code),
  });
  onTestFinished(() => database.dispose());
  const call = (name: (typeof NAMES)[number]) =>
    database.call.disk[name]({}).catch((error: unknown) => error);
  for (const name of NAMES) await call(name);
  expect(told).toEqual(["STORE_FULL", "STORE_FAILED", "STORE_READ_ONLY", "STORE_CORRUPT"]);
  expect(await call("broken")).toMatchObject({ code: "STORE_FAILED", retryable: true });
});
