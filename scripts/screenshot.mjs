// Takes docs/screenshot.png: a real gateway, a real browser, one question and its answer.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { CHROMIUM_FLAGS, findProgram } from "./support/system-programs.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const TOKEN = "screenshot";
const SIZE = { width: 1000, height: 640 };
const QUESTIONS = ["Good morning! Who answers here?", "And does this conversation survive a restart?"];

function freePort() {
  return new Promise((done) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

async function untilReady(port) {
  for (let attempt = 0; attempt < 200; attempt++) {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("the gateway did not become ready");
}

const executablePath = findProgram("chromium");
if (!executablePath) throw new Error("chromium is not installed");
const state = await mkdtemp(join(tmpdir(), "sluice-screenshot-"));
const port = await freePort();
const gateway = spawn(
  process.execPath,
  [join(root, "bin/sluice.cjs"), "gateway", "run", "--port", String(port)],
  {
    env: {
      ...process.env,
      SLUICE_STATE_DIR: state,
      SLUICE_GATEWAY_TOKEN: TOKEN,
      SLUICE_DISABLE_BONJOUR: "1",
    },
    stdio: "inherit",
  },
);
try {
  await untilReady(port);
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
  const page = await browser.newPage({ viewport: SIZE, colorScheme: "light", locale: "en-GB" });
  await page.goto(`http://127.0.0.1:${port}/#token=${TOKEN}`);
  await page.getByText("Connected to").waitFor();
  for (const [index, question] of QUESTIONS.entries()) {
    await page.getByLabel("Message").fill(question);
    await page.keyboard.press("Enter");
    await page.locator(".message-assistant[aria-busy=false]").nth(index).waitFor();
  }
  await page.screenshot({ path: join(root, "docs/screenshot.png") });
  await browser.close();
  console.log("wrote docs/screenshot.png");
} finally {
  gateway.kill("SIGTERM");
  await new Promise((done) => gateway.once("exit", done));
  await rm(state, { recursive: true, force: true });
}
