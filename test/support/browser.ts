import { type Browser, type BrowserContext, chromium } from "playwright-core";
// @ts-expect-error a plain script without declarations
import { CHROMIUM_FLAGS, findProgram } from "../../scripts/support/system-programs.mjs";

/** Less than a test may take: what is waited for in vain is then named. */
const STEP_LIMIT_MS = 30_000;

const executablePath = findProgram("chromium") as string | undefined;

/** A browser is installed; tests that need one skip themselves otherwise. */
export const hasBrowser = executablePath !== undefined;

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: executablePath ?? "", args: CHROMIUM_FLAGS as string[] });
}

/** A window of a person of its own: no cookies, no storage of another. */
export async function newPerson(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext();
  context.setDefaultTimeout(STEP_LIMIT_MS);
  return context;
}
