import { spawn } from "node:child_process";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Packages as their authors published them; exact versions, so that a test means the same every day. */
export const PUBLISHED = {
  "@openclaw/irc": "2026.9.5",
  "@openclaw/nextcloud-talk": "2026.9.5",
  "@openclaw/mattermost": "2026.9.5",
  "@openclaw/brave-plugin": "2026.9.5",
  "@openclaw/deepseek-provider": "2026.9.5",
  "@mem0/openclaw-mem0": "1.0.16",
  "@wecom/wecom-openclaw-plugin": "2026.7.2",
  "@soimy/dingtalk": "3.6.7",
} as const;

export type PublishedName = keyof typeof PUBLISHED;

/**
 * Other versions to try by hand, such as one that people have pinned:
 * `SLUICE_TRY_VERSIONS=@openclaw/irc@2026.6.11,@soimy/dingtalk@3.1.4`.
 */
const TRIED = Object.fromEntries(
  (process.env["SLUICE_TRY_VERSIONS"] ?? "")
    .split(",")
    .filter(Boolean)
    .map((spec) => [spec.slice(0, spec.lastIndexOf("@")), spec.slice(spec.lastIndexOf("@") + 1)]),
);
const VERSIONS: Readonly<Record<string, string>> = { ...PUBLISHED, ...TRIED };
const cache = join(
  import.meta.dirname,
  "../../../../node_modules/.cache",
  Object.keys(TRIED).length === 0 ? "published-plugins" : "tried-plugins",
);
const UNREACHABLE = /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|network request|fetch failed/i;
const INSTALL_LIMIT_MS = 120_000;

export function packageFolder(name: PublishedName): string {
  return join(cache, "node_modules", name);
}

/**
 * Installs the packages once into a cache folder, without install scripts and without a host. False, with a
 * message nobody can overlook, only when the registry can not be reached.
 */
export async function publishedPackages(): Promise<boolean> {
  if (await allInstalled()) return true;
  await mkdir(cache, { recursive: true });
  // Every test file asks, and several run at once; two npm in one folder trip over each other.
  await takeTurn();
  let done: Awaited<ReturnType<typeof npmInstall>>;
  try {
    if (await allInstalled()) return true;
    await writeFile(join(cache, "package.json"), JSON.stringify({ private: true, dependencies: VERSIONS }));
    done = await npmInstall();
  } finally {
    await rm(turn, { recursive: true, force: true });
  }
  const { status, output } = done;
  if (status === 0) return true;
  if (!UNREACHABLE.test(output)) throw new Error(`the published packages could not be installed:\n${output}`);
  console.warn("\n!!! SKIPPED: the package registry is unreachable; published plugins were NOT tested !!!\n");
  return false;
}

async function allInstalled(): Promise<boolean> {
  const wanted = Object.entries(VERSIONS) as [PublishedName, string][];
  const present = wanted.map(async ([name, version]) => (await installed(name)) === version);
  return (await Promise.all(present)).every(Boolean);
}

const turn = join(cache, ".installing");

/** Returns when nobody else installs; whoever was ended while doing so is not waited for longer than it could take. */
async function takeTurn(): Promise<void> {
  for (;;) {
    try {
      await mkdir(turn);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const since = await stat(turn).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    );
    if (Date.now() - since > INSTALL_LIMIT_MS) await rm(turn, { recursive: true, force: true });
    else await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function installed(name: PublishedName): Promise<string | undefined> {
  try {
    const text = await readFile(join(packageFolder(name), "package.json"), "utf8");
    return (JSON.parse(text) as { version?: string }).version;
  } catch {
    return undefined;
  }
}

function npmInstall(): Promise<{ status: number | null; output: string }> {
  const flags = ["--ignore-scripts", "--omit=peer", "--legacy-peer-deps", "--no-audit", "--no-fund"];
  return new Promise((resolve) => {
    const child = spawn("npm", ["install", ...flags, "--loglevel=error"], {
      cwd: cache,
      timeout: INSTALL_LIMIT_MS,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.once("error", (error) => resolve({ status: 1, output: error.message }));
    child.once("close", (status) => resolve({ status, output }));
  });
}
