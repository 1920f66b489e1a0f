// Programs of the system that some tests run for real: a chat server and a browser.
import { existsSync } from "node:fs";
import { run } from "./run.mjs";

/** Each with the Debian package that brings it and the places where it may lie. */
const PROGRAMS = [
  {
    name: "ngircd",
    debian: "ngircd",
    paths: ["/usr/sbin/ngircd", "/usr/local/sbin/ngircd", "/opt/homebrew/sbin/ngircd"],
  },
  {
    name: "chromium",
    debian: "chromium",
    paths: [
      "/usr/bin/chromium",
      "/usr/bin/chromium-browser",
      "/usr/bin/google-chrome",
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ],
  },
];

/** A browser that talks to nobody but the page under test. */
export const CHROMIUM_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const INSTALL_LIMIT_MS = 240_000;

/** Path of a program, or undefined. */
export function findProgram(name) {
  return PROGRAMS.find((program) => program.name === name)?.paths.find((path) => existsSync(path));
}

/**
 * Installs what is missing when that is possible without asking (Debian, as root) and says what remains
 * to be done otherwise; the tests that need it skip themselves.
 */
export async function ensurePrograms(say) {
  const missing = PROGRAMS.filter((program) => !findProgram(program.name));
  if (missing.length === 0) return;
  const packages = missing.map((program) => program.debian);
  const command = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    say(`not installed: ${packages.join(", ")}; tests that need them are skipped (Debian: ${command})`);
    return;
  }
  say(`installing ${packages.join(", ")} for the tests`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["-qq", "update"], { env, timeoutMs: INSTALL_LIMIT_MS, label: "apt-get update" });
  const { status } = await run("apt-get", ["-qq", ...command.split(" ").slice(1)], {
    env,
    timeoutMs: INSTALL_LIMIT_MS,
    label: "apt-get install",
  });
  if (status !== 0) say(`"${command}" failed; tests that need these programs are skipped`);
}
