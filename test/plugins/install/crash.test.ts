import { spawn } from "node:child_process";
import { access, readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { InstallBook } from "../../../src/plugins/install/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { pluginFolder } from "./support/packages.ts";
import { operate, plainInstaller } from "./support/plain-installer.ts";

const child = join(import.meta.dirname, "support/crash-child.ts");
const typescript = join(createRequire(import.meta.url).resolve("jiti"), "../jiti-register.mjs");

/** Runs one operation in a process that is killed at `step`. Returns the signal that ended it. */
function killed(
  stateDir: string,
  operation: string,
  argument: string,
  step: string,
): Promise<string | number | null> {
  return new Promise((resolve, reject) => {
    const args = ["--import", typescript, child, stateDir, operation, argument, step];
    const running = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
    running.once("error", reject);
    running.once("exit", (status, signal) => resolve(signal ?? status));
  });
}

/** What a user finds: the version in place, whether it is enabled, and folders nobody owns. */
async function state(stateDir: string) {
  const book = await InstallBook.open(stateDir);
  const record = book.find("sample");
  const config = JSON.parse(await readFile(join(stateDir, "config.json"), "utf8").catch(() => "{}")) as {
    plugins?: { entries?: { sample?: { enabled?: boolean } } };
  };
  const packages = await readdir(join(stateDir, "plugins/packages")).catch(() => [] as string[]);
  const staging = await readdir(join(stateDir, "plugins/staging")).catch(() => [] as string[]);
  const whole = record
    ? await access(join(book.folderOf(record), "index.js")).then(
        () => true,
        () => false,
      )
    : undefined;
  return {
    version: record?.version,
    recordState: record?.state,
    whole,
    enabled: config.plugins?.entries?.sample?.enabled,
    packages: packages.length,
    staging: staging.length,
    operation: book.operation !== undefined,
  };
}

const CLEAN = { staging: 0, operation: false };
const ABSENT = {
  ...CLEAN,
  version: undefined,
  recordState: undefined,
  whole: undefined,
  enabled: undefined,
  packages: 0,
};
const installed = (version: string) => ({
  ...CLEAN,
  version,
  recordState: "installed",
  whole: true,
  enabled: true,
  packages: 1,
});

describe("a process killed in the middle of an installation", () => {
  it.each([
    ["recorded", ABSENT],
    ["staged", ABSENT],
    ["moved", ABSENT],
    ["booked", installed("1.0.0")],
    ["configured", installed("1.0.0")],
    ["done", installed("1.0.0")],
  ])("[F259] at the step %s leaves all or nothing after the next start", async (step, expected) => {
    const stateDir = await temporaryFolder("sluice-crash-");
    const folder = await pluginFolder();
    expect(await killed(stateDir, "install", folder, step)).toBe("SIGKILL");
    expect((await state(stateDir)).operation).toBe(true);
    await plainInstaller(stateDir);
    expect(await state(stateDir)).toEqual(expected);
    await operate(await plainInstaller(stateDir), "install", folder);
    expect(await state(stateDir)).toEqual(installed("1.0.0"));
  });

  it.each([
    ["moved", "1.0.0"],
    ["booked", "2.0.0"],
    ["configured", "2.0.0"],
  ])(
    "[F259] during an update at the step %s has the old or the new version, whole",
    async (step, version) => {
      const stateDir = await temporaryFolder("sluice-crash-");
      const folder = await pluginFolder();
      await operate(await plainInstaller(stateDir), "install", folder);
      await pluginFolder({ version: "2.0.0" }, folder);
      expect(await killed(stateDir, "install", folder, step)).toBe("SIGKILL");
      await plainInstaller(stateDir);
      expect(await state(stateDir)).toEqual(installed(version));
    },
  );

  it.each([
    ["recorded", installed("1.0.0")],
    ["booked", { ...ABSENT, enabled: false }],
    ["configured", { ...ABSENT, enabled: false }],
  ])("[F259] while uninstalling at the step %s has it whole or gone", async (step, expected) => {
    const stateDir = await temporaryFolder("sluice-crash-");
    await operate(await plainInstaller(stateDir), "install", await pluginFolder());
    expect(await killed(stateDir, "uninstall", "sample", step)).toBe("SIGKILL");
    await plainInstaller(stateDir);
    expect(await state(stateDir)).toEqual(expected);
  });
});
