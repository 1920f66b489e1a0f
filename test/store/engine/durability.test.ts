import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../../../src/store/engine/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { buildSampleWorker, buildScript } from "../support/build-worker.ts";
import type { SampleProcedures } from "../support/sample-definition.ts";

const ROUNDS = 6;

it("keeps every acknowledged write through kill -9 at a random moment", { timeout: 30_000 }, async () => {
  const workerFile = await buildSampleWorker("durability");
  const script = await buildScript(
    "durability-writer",
    `import { run } from "./writer-process.ts"; void run();`,
  );
  const file = join(await temporaryFolder(), "sample.db");
  const acknowledged = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const killAfter = 20 + Math.floor(Math.random() * 200);
    for (const note of await writeUntilKilled(
      [script, file, workerFile, String(round * 100_000)],
      killAfter,
    )) {
      acknowledged.add(note);
    }
    const database = await openDatabase<SampleProcedures>({ file, workerFile });
    onTestFinished(() => database.dispose());
    const stored = await database.call.ledger.notes({});
    const lost = [...acknowledged].filter((note) => !stored.includes(note));
    expect(lost, `round ${round}, killed after ${killAfter} answers`).toEqual([]);
    expect(new Set(stored).size).toBe(stored.length);
    await database.dispose();
  }
  expect(acknowledged.size).toBeGreaterThan(ROUNDS * 20);
});

async function writeUntilKilled(args: string[], killAfter: number): Promise<string[]> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line);
    if (acknowledged.length === killAfter) child.kill("SIGKILL");
  }
  await exited;
  // The last line may have been cut in the middle.
  return acknowledged.slice(0, -1);
}
