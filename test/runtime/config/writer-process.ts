import { dirname, join } from "node:path";
import { systemClock } from "../../../src/kernel/clock.ts";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { Redactor } from "../../../src/kernel/redaction.ts";
import { openConfig } from "../../../src/runtime/config/index.ts";
import { openStore } from "../../../src/store/index.ts";

/** Counts up in a configuration file as fast as it can and prints every count that was acknowledged. */
export async function run(): Promise<void> {
  const path = process.argv[2] as string;
  const store = await openStore({ file: join(dirname(path), "state", "sluice.db") });
  const config = await openConfig({
    path,
    store,
    clock: systemClock,
    logger: silentLogger,
    redactor: new Redactor(),
  });
  for (;;) {
    let count = 0;
    await config.mutate(
      (draft) => {
        const messages = draft["messages"] as { count: number };
        count = ++messages.count;
      },
      { reason: "count" },
    );
    process.stdout.write(`${count}\n`);
  }
}
