import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { hasBrowser, launchBrowser, newPerson } from "../support/browser.ts";
import { sluice } from "../support/sluice-command.ts";
import { type SpawnedGateway, spawnGateway } from "../support/spawned-gateway.ts";

describe.skipIf(!hasBrowser)("the chat page in a browser", () => {
  let gateway: SpawnedGateway;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    gateway = await spawnGateway();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.dispose();
  });
  beforeEach(async () => {
    problems.length = 0;
    context = await newPerson(browser);
    onTestFinished(() => context.close());
    page = await context.newPage();
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
  });

  const open = async (fragment = `#token=${gateway.token}`) => {
    await page.goto(`http://127.0.0.1:${gateway.port}/${fragment}`);
  };
  const connected = () => page.getByText("Connected to").waitFor();
  const say = async (text: string) => {
    await page.getByLabel("Message").fill(text);
    await page.keyboard.press("Enter");
  };
  /** The bubble after the one with this text. */
  const answerTo = (text: string, busy = false) =>
    page.locator(`.message-user:has-text("${text}") + .message-assistant[aria-busy=${busy}]`).last();

  it("answers a typed message, and keeps the token out of the address", async () => {
    await open();
    await connected();
    expect(page.url()).not.toContain(gateway.token);
    await say("what a morning");
    expect(await answerTo("what a morning").textContent()).toContain("what a morning");
    expect(problems).toEqual([]);
  });

  it("streams the reply: it is seen growing", async () => {
    await open();
    await connected();
    await page.evaluate(() => {
      const lengths: number[] = [];
      (globalThis as unknown as { lengths: number[] }).lengths = lengths;
      new MutationObserver(() => {
        const texts = document.querySelectorAll(".message-assistant[aria-busy=true] .text");
        const length = texts[texts.length - 1]?.textContent?.length ?? 0;
        if (length > 0 && lengths.at(-1) !== length) lengths.push(length);
      }).observe(document.body, { childList: true, subtree: true, characterData: true });
    });
    await say("[delay=60] tell me slowly, one word after the other, until the end");
    await answerTo("tell me slowly").waitFor();
    const lengths = await page.evaluate(() => (globalThis as unknown as { lengths: number[] }).lengths);
    expect(lengths.length).toBeGreaterThan(1);
  });

  it("shows the conversation again after a reload, with the token of this tab", async () => {
    await open();
    await connected();
    await say("remember this");
    await answerTo("remember this").waitFor();
    await page.reload();
    await connected();
    await page.locator(".message-user", { hasText: "remember this" }).first().waitFor();
  });

  it("stops a reply and keeps what was said", async () => {
    await open();
    await connected();
    await say("[delay=400] a long story that nobody wants to hear to its end today");
    const growing = answerTo("a long story", true);
    await growing.locator(".text", { hasText: /\w/ }).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    const stopped = answerTo("a long story");
    expect(await stopped.textContent()).toMatch(/stopped/);
    await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });
  });

  it("a reply that ends while the history is on its way stays ended", async () => {
    await page.routeWebSocket(/^ws:/, (client) => {
      const server = client.connectToServer();
      const held: { request?: string | Buffer; history?: string | Buffer } = {};
      client.onMessage((message) => {
        if (String(message).includes('"chat.history"')) held.request = message;
        else server.send(message);
      });
      // Asked for in the middle of the reply, and answered after its end.
      server.onMessage((message) => {
        const text = String(message);
        if (text.includes('"inFlightRun"')) held.history = message;
        else client.send(message);
        if (text.includes('"state":"delta"') && held.request !== undefined) {
          server.send(held.request);
          delete held.request;
        }
        if (text.includes('"state":"final"') && held.history !== undefined) client.send(held.history);
      });
    });
    await open();
    await connected();
    await say("[delay=40] said before the history came");
    await page.getByText("remember this").first().waitFor();
    expect(await answerTo("said before the history came").textContent()).toContain("offline test model");
  });

  it("comes back by itself when the connection is lost", async () => {
    await open();
    await connected();
    const [socket] = await Promise.all([page.waitForEvent("websocket"), page.reload()]);
    await connected();
    expect(socket.isClosed()).toBe(false);
    await context.setOffline(true);
    await context.setOffline(false);
    await say("still there");
    await answerTo("still there").waitFor();
  });

  it("names what was not delivered and tries it again", async () => {
    const failed = await sluice(
      ["agent", "--message", "for nobody", "--model", "nowhere/none", "--port", String(gateway.port)],
      { stateDir: gateway.stateDir, env: { SLUICE_GATEWAY_TOKEN: gateway.token } },
    );
    expect(failed.status).toBe(1);
    await open();
    await connected();
    await page.getByText("1 message was not delivered").click();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("2 messages were not delivered").waitFor();
  });

  it("shows markup as text", async () => {
    await open();
    await connected();
    await say("<img src=x onerror=\"document.title='pwned'\"><b>bold</b>");
    await answerTo("<img src=x").waitFor();
    expect(await page.locator(".messages img, .messages b").count()).toBe(0);
    expect(await page.title()).toBe("Sluice");
  });

  it("asks for the token when it has none, and never puts it into a URL", async () => {
    const urls: string[] = [];
    page.on("request", (request) => urls.push(request.url()));
    page.on("websocket", (socket) => urls.push(socket.url()));
    await open("");
    await page.getByLabel("Gateway token").fill(gateway.token);
    await page.getByRole("button", { name: "Connect" }).click();
    await connected();
    expect(urls.length).toBeGreaterThan(0);
    for (const url of urls) expect(url).not.toContain(gateway.token);
  });

  it("says what is wrong with a wrong token", async () => {
    await open("#token=wrong");
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toMatch(/token/i);
  });

  it("can be used with the keyboard and by a screen reader", async () => {
    await open();
    await connected();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("message");
    expect(await page.getByRole("main").count()).toBe(1);
    expect(await page.getByRole("status").count()).toBe(1);
    await say("can you hear me");
    await answerTo("can you hear me").waitFor();
    expect(await page.getByRole("log").getAttribute("aria-label")).toBe("Conversation");
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
  });
});
