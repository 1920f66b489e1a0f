import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LOCK_FILE_NAME, takeInstanceLock } from "../../src/gateway/instance-lock.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

it("is taken from a dead process also when the clock was set back since its guard was made", async () => {
  const file = join(await temporaryFolder(), LOCK_FILE_NAME);
  await writeFile(file, JSON.stringify({ pid: 0, ownerId: "dead", processStart: "" }));
  await mkdir(`${file}.takeover`);
  const tomorrow = new Date(Date.now() + 86_400_000);
  await utimes(`${file}.takeover`, tomorrow, tomorrow);
  const lock = await takeInstanceLock(file);
  await lock.dispose();
  expect(lock).toBeDefined();
});
