import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launcher, type SpawnedGateway, spawnGateway } from "../support/spawned-gateway.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);

describe("what the README of a scaffold says", () => {
  let gateway: SpawnedGateway;
  let programs: string;

  beforeAll(async () => {
    gateway = await spawnGateway();
    // Goes with the gateway.
    programs = join(gateway.stateDir, "programs");
    await mkdir(programs);
    const program = join(programs, "sluice");
    await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${launcher}" "$@"\n`);
    await chmod(program, 0o700);
  }, 60_000);
  afterAll(() => gateway?.dispose());

  const shell = async (script: string) => {
    const { stdout } = await run("sh", ["-ec", script], {
      env: {
        HOME: gateway.stateDir,
        PATH: `${programs}:${process.env["PATH"]}`,
        SLUICE_STATE_DIR: gateway.stateDir,
        SLUICE_GATEWAY_TOKEN: gateway.token,
        SLUICE_GATEWAY_PORT: String(gateway.port),
      },
    });
    return stdout;
  };

  it.each([
    ["tools", "my_tools_count returned: 3 words"],
    ["command", "Hello, Ada!"],
    ["channel", '"messageId": "ada:5"'],
    ["search", "https://example.org/"],
  ])(
    "[F261] works as printed for the shape %s",
    async (shape, expected) => {
      const folder = join(await temporaryFolder("sluice-scaffold-"), `my-${shape}`);
      await shell(`sluice plugins create ${folder} --shape ${shape} --javascript`);
      await shell(`sluice plugins install ${folder} --link --yes`);
      const readme = await readFile(join(folder, "README.md"), "utf8");
      const trial = /once it is installed:\n\n```\n(.*?)```/s.exec(readme)?.[1];
      expect(await shell(trial as string)).toContain(expected);
    },
    60_000,
  );
});
