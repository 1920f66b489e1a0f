import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for temporary files that only this user can enter. */
export function resolvePreferredTempDir(options: { tmpdir?(): string } = {}): string {
  const user = typeof process.getuid === "function" ? `-${process.getuid()}` : "";
  const folder = join((options.tmpdir ?? tmpdir)(), `sluice${user}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

const safe = (part: string) => part.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^-+|-+$/g, "");

export function buildRandomTempFilePath(params: {
  prefix: string;
  extension?: string;
  tmpDir?: string;
  now?: number;
  uuid?: string;
}): string {
  const folder = params.tmpDir ?? resolvePreferredTempDir();
  const extension = params.extension ? `.${safe(params.extension.replace(/^\./, ""))}` : "";
  const name = [safe(params.prefix) || "file", params.now ?? Date.now(), params.uuid ?? randomUUID()].join(
    "-",
  );
  return join(folder, name + extension);
}

/** A file name of plain characters, without a folder; `download.bin` when nothing is left. */
export function sanitizeTempFileName(fileName: string): string {
  const last = fileName.split(/[/\\]/).at(-1) ?? "";
  const plain = last.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[-.]+|-+$/g, "");
  return plain || "download.bin";
}
