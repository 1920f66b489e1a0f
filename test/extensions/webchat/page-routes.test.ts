import { mkdir, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { MAX_PAGE_FILE_BYTES, readPageFile } from "../../../extensions/webchat/page-files.ts";
import { servePage } from "../../../extensions/webchat/page-routes.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

async function pageFolder(): Promise<string> {
  const folder = await temporaryFolder();
  const page = join(folder, "page");
  await mkdir(join(page, "webchat"), { recursive: true });
  await writeFile(join(page, "index.html"), "<!doctype html><p>hello</p>");
  await writeFile(join(page, "webchat", "index-abc.js"), "console.log(1)");
  await writeFile(join(page, "webchat", "secret.bin"), "not of the page");
  await writeFile(join(folder, "outside.html"), "private");
  return page;
}

/** Serves the folder and asks for a path as it is, without a client tidying it up. */
async function ask(folder: string, path: string, method = "GET") {
  const server = createServer((request, response) => void servePage(folder, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>(
    (resolve, reject) => {
      const request = httpRequest({ host: "127.0.0.1", port, path, method, agent: false }, (response) => {
        let body = "";
        response.on("data", (chunk) => (body += chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      });
      request.on("error", reject);
      request.end();
    },
  );
}

describe("the chat page's files", () => {
  it("come with a policy that allows this origin's scripts only", async () => {
    const { status, headers, body } = await ask(await pageFolder(), "/?x=1");
    expect(status).toBe(200);
    expect(body).toContain("hello");
    expect(headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["content-security-policy"]).not.toContain("unsafe");
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "content-type": "text/html; charset=utf-8",
    });
  });

  it("are kept for good by browsers when their name carries a hash", async () => {
    const { headers } = await ask(await pageFolder(), "/webchat/index-abc.js");
    expect(headers["cache-control"]).toContain("immutable");
    expect(headers["content-type"]).toBe("text/javascript; charset=utf-8");
  });

  it("have no body for HEAD and refuse to be written", async () => {
    const folder = await pageFolder();
    const head = await ask(folder, "/", "HEAD");
    expect(head).toMatchObject({ status: 200, body: "" });
    expect(Number(head.headers["content-length"])).toBeGreaterThan(0);
    const post = await ask(folder, "/", "POST");
    expect(post.status).toBe(405);
    expect(post.headers["allow"]).toBe("GET, HEAD");
  });

  it("say what to do when the page is not built", async () => {
    const { status, body } = await ask(await temporaryFolder(), "/");
    expect(status).toBe(503);
    expect(body).toContain("npm run build");
  });

  it.each([
    "/webchat/../index.html",
    "/webchat/..%2foutside.html",
    "/webchat/%2e%2e/outside.html",
    "/webchat/..\\outside.html",
    "/webchat/secret.bin",
    "/webchat/",
    "/webchat/.hidden.js",
    "/webchat/a/b.js",
    "/index.html",
    "//outside.html",
  ])("answers 404 for %s", async (path) => {
    expect((await ask(await pageFolder(), path)).status).toBe(404);
  });

  it("never come from outside the folder, whatever is asked for", async () => {
    const folder = await pageFolder();
    const segment = fc.constantFrom(
      "..",
      ".",
      "",
      "webchat",
      "outside.html",
      "index.html",
      "%2e%2e",
      "a\0b",
      "\\",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { maxLength: 6 }), async (segments) => {
        const file = await readPageFile(folder, `/${segments.join("/")}`);
        expect(file?.body.toString() ?? "").not.toContain("private");
      }),
    );
  });

  it("are refused above their size limit", async () => {
    const folder = await pageFolder();
    const file = join(folder, "webchat", "big-1.js");
    await writeFile(file, Buffer.alloc(MAX_PAGE_FILE_BYTES));
    expect(await readPageFile(folder, "/webchat/big-1.js")).toBeDefined();
    await writeFile(file, Buffer.alloc(MAX_PAGE_FILE_BYTES + 1));
    expect(await readPageFile(folder, "/webchat/big-1.js")).toBeUndefined();
  });
});
