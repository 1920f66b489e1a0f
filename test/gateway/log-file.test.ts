import { readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LOG_REOPEN_AFTER_MS, LogFile } from "../../src/gateway/log-file.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Nothing tells from outside that a write has failed; the disk needs microseconds for it. */
const WRITE_FAILS_WITHIN_MS = 200;

// The device answers every write as a full disk does.
it.skipIf(process.platform !== "linux")(
  "goes on once a full disk has room again, and says how much is missing",
  async () => {
    const file = join(await temporaryFolder(), "gateway.log");
    await symlink("/dev/full", file);
    let now = 0;
    const log = await LogFile.open(file, undefined, () => now);
    log.write("lost at once\n");
    await new Promise((resolve) => setTimeout(resolve, WRITE_FAILS_WITHIN_MS));
    for (let count = 0; count < 3; count++) log.write("lost meanwhile\n");
    await rm(file);
    log.write("lost although there is room: nobody has looked\n");
    now += LOG_REOPEN_AFTER_MS;
    log.write("written again\n");
    await log.dispose();
    const text = await readFile(file, "utf8");
    expect(text).toContain("written again\n");
    expect(text).toContain('"count":5');
    expect(text).not.toContain("lost");
  },
);

it("writes what came while it was beginning a new file, also when it is closed right then", async () => {
  const file = join(await temporaryFolder(), "gateway.log");
  const log = await LogFile.open(file, 10);
  log.write("longer than the file may be\n");
  log.write("the last line\n");
  await log.dispose();
  expect(await readFile(file, "utf8")).toContain("the last line");
});
