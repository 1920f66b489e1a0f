import { describe, expect, it } from "vitest";
import { readRemoteMediaBuffer } from "../../../src/runtime/media/remote-media.ts";
import { loopbackServer } from "../../support/loopback-server.ts";

const local = { ssrfPolicy: { allowPrivateNetwork: true } };

describe("files at addresses", () => {
  it("are refused in private networks, on redirects too", async () => {
    const base = await loopbackServer((_request, response) =>
      response.writeHead(302, { location: "http://169.254.169.254/latest" }).end(),
    );
    for (const options of [{ url: `${base}/` }, { url: `${base}/`, ...local }]) {
      const error = await readRemoteMediaBuffer(options).catch((cause) => cause);
      expect(error).toMatchObject({ code: "fetch_failed", cause: { code: "SSRF_BLOCKED" } });
    }
  });

  it("say what was wrong: too large, refused or unreadable, without the address's secrets", async () => {
    const base = await loopbackServer((request, response) => {
      if (request.url?.startsWith("/missing")) return response.writeHead(404).end();
      if (request.url === "/stated")
        return response.writeHead(200, { "content-length": "12" }).end("123456789012");
      response.write("123456");
      return response.end("789012");
    });
    const failure = (path: string, more: object = {}) =>
      readRemoteMediaBuffer({ url: base + path, maxBytes: 11, ...local, ...more }).catch((cause) => cause);
    expect(await failure("/stated")).toMatchObject({ code: "max_bytes" });
    expect(await failure("/chunked")).toMatchObject({ code: "max_bytes" });
    expect(
      (await readRemoteMediaBuffer({ url: `${base}/chunked`, maxBytes: 12, ...local })).buffer,
    ).toHaveLength(12);
    const missing = await failure("/missing?token=secret");
    expect(missing).toMatchObject({ code: "http_error", status: 404 });
    expect(missing.message).not.toContain("secret");
    expect(await failure("/x", { requireHttps: true })).toMatchObject({ code: "fetch_failed" });
  });

  it("are asked for again when that may help", async () => {
    let calls = 0;
    const base = await loopbackServer((_request, response) => {
      calls += 1;
      response.writeHead(calls < 3 ? 503 : 200).end("late");
    });
    const retry = { attempts: 3, minDelayMs: 1, maxDelayMs: 1 };
    expect(String((await readRemoteMediaBuffer({ url: base, retry, ...local })).buffer)).toBe("late");
    expect(calls).toBe(3);
    await expect(readRemoteMediaBuffer({ url: base, retry })).rejects.toMatchObject({ code: "fetch_failed" });
    expect(calls).toBe(3);
  });

  it("come through a caller's fetch only from the address that was checked", async () => {
    const base = await loopbackServer((request, response) => response.end(`to ${request.headers.host}`));
    const { port } = new URL(base);
    const media = await readRemoteMediaBuffer({
      url: `http://files.test:${port}/`,
      fetchImpl: fetch as never,
      lookupFn: async () => [{ address: "127.0.0.1", family: 4 }],
      ...local,
    });
    expect(String(media.buffer)).toBe(`to files.test:${port}`);
  });

  it("are asked for only while the caller may, redirects too", async () => {
    const seen: (string | undefined)[] = [];
    const base = await loopbackServer((request, response) => {
      seen.push(request.url);
      response.writeHead(302, { location: "/end" }).end();
    });
    let left = 1;
    const beforeRequest = () => {
      if (left-- === 0) throw new Error("the credential is gone");
    };
    await expect(readRemoteMediaBuffer({ url: `${base}/go`, beforeRequest, ...local })).rejects.toMatchObject(
      { code: "fetch_failed", cause: { message: "the credential is gone" } },
    );
    expect(seen).toEqual(["/go"]);
  });

  it("may have to begin soon, and take longer then; whoever asked can still stop them", async () => {
    let finish = () => {};
    const base = await loopbackServer((request, response) => {
      if (request.url === "/silent") return;
      response.write("begun ");
      finish = () => void response.end("and ended");
    });
    const options = { responseHeaderTimeoutMs: 500, ...local };
    const late = readRemoteMediaBuffer({ url: `${base}/silent`, ...options });
    await expect(late).rejects.toMatchObject({ code: "fetch_failed", cause: { name: "TimeoutError" } });
    const slow = readRemoteMediaBuffer({ url: `${base}/slow`, ...options });
    setTimeout(() => finish(), 700);
    expect(String((await slow).buffer)).toBe("begun and ended");
    const caller = new AbortController();
    const stopped = readRemoteMediaBuffer({
      url: `${base}/slow`,
      requestInit: { signal: caller.signal },
      ...options,
    });
    setTimeout(() => caller.abort(new Error("no longer wanted")), 100);
    await expect(stopped).rejects.toMatchObject({ code: "fetch_failed" });
  });
});
