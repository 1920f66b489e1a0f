import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createLogger } from "../../../src/kernel/logger.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { Redactor } from "../../../src/kernel/redaction.ts";
import { type ConfigOptions, type ConfigService, openConfig } from "../../../src/runtime/config/index.ts";
import { openStore, type Store } from "../../../src/store/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

export interface ConfigFixture {
  folder: string;
  path: string;
  clock: ManualClock;
  redactor: Redactor;
  /** Everything that was logged, one JSON line each. */
  log: string[];
  config: ConfigService;
  store: Store;
  /** Writes a file of the folder. */
  write(text: string, name?: string): Promise<void>;
  /** Opens the same folder again, as the next start of the gateway would. */
  restart(): Promise<ConfigService>;
}

/** A configuration service over real files and a real store. `files` are there before it opens. */
export async function configFixture(
  files: Record<string, string> = {},
  options: Partial<ConfigOptions> = {},
): Promise<ConfigFixture> {
  const folder = await temporaryFolder();
  const path = join(folder, "sluice.json");
  const clock = new ManualClock();
  const redactor = new Redactor();
  const log: string[] = [];
  const logger = createLogger({ level: "debug", redactor, write: (line) => log.push(line) });
  const write = async (text: string, name = "sluice.json") => {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), text);
  };
  for (const [name, text] of Object.entries(files)) await write(text, name);
  const open = async () => {
    const store = await openStore({ file: join(folder, "state", "sluice.db") });
    const config = await openConfig({ path, store, clock, logger, redactor, env: {}, ...options });
    onTestFinished(async () => {
      await config.dispose();
      await store.dispose();
    });
    return { store, config };
  };
  const fixture: ConfigFixture = {
    folder,
    path,
    clock,
    redactor,
    log,
    write,
    ...(await open()),
    async restart() {
      await fixture.config.dispose();
      await fixture.store.dispose();
      Object.assign(fixture, await open());
      return fixture.config;
    },
  };
  return fixture;
}
