import { openDatabase } from "../../../src/store/engine/index.ts";
import type { SampleProcedures } from "./sample-definition.ts";

/** Writes notes as fast as it can and prints the number of each one the store has acknowledged. */
export async function run(): Promise<void> {
  const [file, workerFile, first] = process.argv.slice(2) as [string, string, string];
  const database = await openDatabase<SampleProcedures>({ file, workerFile });
  let next = Number(first);
  const lane = async () => {
    for (;;) {
      const number = next++;
      await database.call.ledger.append({ note: String(number), bytes: (number % 7) * 500 });
      process.stdout.write(`${number}\n`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}
