import { execFile } from "node:child_process";
import { mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { confineMediaSource } from "../../../src/channels/message-tool/media-sources.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

test("a file that a model names comes from the given folders only, however it is written", async () => {
  const outside = await realpath(await temporaryFolder());
  const folder = await realpath(await temporaryFolder());
  const workspace = join(folder, "workspace");
  const beside = `${workspace}-beside`;
  for (const made of [workspace, beside]) await mkdir(made);
  const secret = join(outside, "secret.txt");
  for (const file of [secret, join(beside, "secret.txt"), join(workspace, "chart.png")])
    await writeFile(file, "x");
  await symlink(secret, join(workspace, "link.txt"));
  await symlink(outside, join(workspace, "folder"));
  await promisify(execFile)("mkfifo", [join(workspace, "pipe")]);

  const roots = [workspace];
  const chart = join(workspace, "chart.png");
  for (const source of ["chart.png", "./x/../chart.png", chart, ` ${chart} `, pathToFileURL(chart).href]) {
    expect(await confineMediaSource(source, roots)).toBe(chart);
  }
  for (const source of [
    secret,
    pathToFileURL(secret).href,
    pathToFileURL(secret).href.replace("file:", "FILE:"),
    `file://elsewhere.test${secret}`,
    `../${outside.split("/").at(-1)}/secret.txt`,
    `${workspace}/../${beside.split("/").at(-1)}/secret.txt`,
    `${beside}/secret.txt`,
    "link.txt",
    "folder/secret.txt",
    "folder",
    ".",
    "pipe",
    "chart.png\0.txt",
    "gone.png",
    `ftp://127.0.0.1${secret}`,
    "\\\\server\\share\\secret.txt",
    "/dev/zero",
    "/proc/self/environ",
  ]) {
    await expect(confineMediaSource(source, roots), source).rejects.toMatchObject({ code: "FORBIDDEN" });
  }
  await expect(confineMediaSource("chart.png", [])).rejects.toMatchObject({ code: "FORBIDDEN" });
});
