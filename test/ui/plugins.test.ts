import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOf } from "../docs/support.ts";
import { hasBrowser, launchBrowser, newPerson } from "../support/browser.ts";
import { sluice } from "../support/sluice-command.ts";
import { type SpawnedGateway, spawnGateway } from "../support/spawned-gateway.ts";

const APPROVALS = "docs/plugins/approvals.md";

describe.skipIf(!hasBrowser)("plugins on the page", () => {
  let gateway: SpawnedGateway;
  let browser: Browser;
  let page: Page;
  let careful: string;
  const problems: string[] = [];

  beforeAll(async () => {
    gateway = await spawnGateway();
    const folder = join(gateway.stateDir, "sources");
    await mkdir(folder);
    careful = join(folder, "careful");
    const broken = join(folder, "broken");
    await mkdir(careful);
    await mkdir(broken);
    for (const file of ["openclaw.plugin.json", "index.mjs"])
      await writeFile(join(careful, file), await codeOf(APPROVALS, file));
    const manifest = { id: "broken", name: "Broken", configSchema: { type: "object" } };
    await writeFile(join(broken, "openclaw.plugin.json"), JSON.stringify(manifest));
    await writeFile(join(broken, "index.mjs"), `throw new Error("no such key in the drawer");`);
    for (const plugin of [careful, broken]) {
      const env = { SLUICE_GATEWAY_PORT: String(gateway.port), SLUICE_GATEWAY_TOKEN: gateway.token };
      await sluice(["plugins", "install", plugin, "--link", "--yes"], { stateDir: gateway.stateDir, env });
    }
    browser = await launchBrowser();
    page = await (await newPerson(browser)).newPage();
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${gateway.port}/#token=${gateway.token}`);
    await page.getByText("Connected to").waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.dispose();
  });

  const row = (name: string) =>
    page.locator(".plugin", { has: page.getByRole("button", { name: `able ${name}` }) });

  it("lists them with their state, and the error of one that is broken", async () => {
    await page.getByRole("button", { name: "Plugins", exact: true }).click();
    await row("Careful").waitFor();
    expect(await row("Careful").locator(".badge").textContent()).toBe("on");
    expect(await row("Broken").locator(".badge").textContent()).toBe("broken");
    expect(await row("Broken").textContent()).toContain("no such key in the drawer");
    expect(await row("Bonjour").locator(".badge").textContent()).toBe("off");
  });

  it("switches one off and on again, and the gateway follows", async () => {
    await page.getByRole("button", { name: "Disable Careful" }).click();
    await page.getByRole("button", { name: "Enable Careful" }).waitFor();
    expect(await row("Careful").locator(".badge").textContent()).toBe("off");
    await page.getByRole("button", { name: "Enable Careful" }).click();
    await page.getByRole("button", { name: "Disable Careful" }).waitFor();
    expect(await row("Careful").locator(".badge").textContent()).toBe("on");
  });

  it("shows what one registered, and says why a reload failed", async () => {
    await page.getByRole("button", { name: /^Careful/ }).click();
    await row("Careful").getByText("water_plant").waitFor();
    const source = await codeOf(APPROVALS, "index.mjs");
    await writeFile(join(careful, "index.mjs"), "export default {");
    await row("Careful").getByRole("button", { name: "Reload its code" }).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toContain(join(careful, "index.mjs"));
    await row("Careful").getByText("reload-failed").waitFor();
    await writeFile(join(careful, "index.mjs"), source);
    await row("Careful").getByRole("button", { name: "Reload its code" }).click();
    await row("Careful").getByText("reload-failed").waitFor({ state: "detached" });
  });

  it("shows the question of a plugin, and the call goes on with the answer", async () => {
    await page.getByRole("button", { name: "Chat", exact: true }).click();
    for (const [plant, button, said] of [
      ["fern", "Allow once", "fern was watered"],
      ["basil", "Deny", "The call was denied."],
    ] as const) {
      await page.getByLabel("Message").fill(`/tool water_plant {"plant":"${plant}"}`);
      await page.keyboard.press("Enter");
      await page.getByText(`Water ${plant}?`).waitFor();
      await page.getByRole("button", { name: button }).click();
      await page.getByText(said).last().waitFor();
      await page.locator(".message-tool:not([aria-busy=true])").last().waitFor();
      await page.getByText(`Water ${plant}?`).waitFor({ state: "detached" });
    }
    expect(problems).toEqual([]);
  });
});
