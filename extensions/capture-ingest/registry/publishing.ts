import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CaptureManifest } from "./manifest.ts";

export interface Finding {
  ok: boolean;
  text: string;
}

const MAX_FILES = 200;
const MAX_FILE_BYTES = 1_048_576;
/** Things that look like a key or a person's data in published text. */
const LEAKS: readonly (readonly [string, RegExp])[] = [
  ["an API key", /\b(?:slc_|sk-|ghp_|xox[abp]-|AKIA)[A-Za-z0-9_-]{16,}/],
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["a home folder", /\/(?:Users|home)\/(?!you\b|user\b|name\b|me\b)[a-z][a-z0-9._-]+\//i],
];

/** The publishing checklist, point by point. */
export async function checkForPublishing(
  folder: string,
  checkManifest: (folder: string) => Promise<{ manifest: CaptureManifest } | { errors: string[] }>,
): Promise<Finding[]> {
  const read = await checkManifest(folder);
  const files = (await readdir(folder).catch(() => [] as string[])).slice(0, MAX_FILES);
  const findings: Finding[] = [];
  if ("errors" in read)
    for (const error of read.errors) findings.push({ ok: false, text: `plugin.json: ${error}` });
  else {
    findings.push({ ok: true, text: "plugin.json has all required fields and a known source type" });
    findings.push({
      ok: !read.manifest.enabled,
      text: "disabled by default (openclone.enabled is not true)",
    });
  }
  const readme = await readFile(join(folder, "README.md"), "utf8").catch(() => "");
  findings.push({ ok: /install|set ?up/i.test(readme), text: "README.md with install instructions" });
  findings.push({
    ok:
      files.some((name) => /^install\.(sh|mjs|ps1)$/.test(name)) || /^#+ .*(install|set ?up)/im.test(readme),
    text: "an install script or set-up instructions",
  });
  const leaks: string[] = [];
  for (const name of files) {
    const content = await readFile(join(folder, name), "utf8").catch(() => "");
    if (content.length > MAX_FILE_BYTES) continue;
    for (const [what, pattern] of LEAKS)
      if (pattern.test(content)) leaks.push(`${name} seems to hold ${what}`);
  }
  findings.push({
    ok: leaks.length === 0,
    text: leaks.length === 0 ? "no keys and no personal data found" : leaks.join("; "),
  });
  return findings;
}
