import { readdir, readFile, stat } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { contract, type Fixture } from "./support.ts";

/** Fetches files of a platform, as channels do, and tells what became of it. */
const FILES: Fixture = {
  id: "files",
  head: `import { MediaFetchError } from "openclaw/plugin-sdk/media-runtime";
    import { SsrFBlockedError } from "openclaw/plugin-sdk/ssrf-runtime";`,
  register: `const { media } = api.runtime.channel;
    const tell = (error) => ({ name: error.name, code: error.code, status: error.status, message: error.message,
      known: error instanceof MediaFetchError, cause: error.cause?.code, blocked: error.cause instanceof SsrFBlockedError });
    const method = (name, work) => api.registerGatewayMethod("files." + name, async ({ params }) => {
      try { return await work(params); } catch (error) { return { error: tell(error) }; }
    }, { scope: "operator.write" });
    method("save", (params) => media.saveRemoteMedia(params));
    method("take", async (params) => media.saveResponseMedia(await fetch(params.url), params));
    for (const name of ["fetchRemoteMedia", "readRemoteMediaBuffer"]) method(name, async (params) => {
      const { buffer, ...rest } = await media[name](params);
      return { text: buffer.toString(), ...rest };
    });`,
};
const OPEN = { ssrfPolicy: { allowPrivateNetwork: true } };
const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function platform(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("files that a platform points at", () => {
  it("are kept in this gateway's media store, for its user alone", async () => {
    const { call, stateDir } = await contract(FILES);
    const base = await platform((request, response) => {
      if (request.url === "/plain")
        return response.writeHead(200, { "content-type": "text/plain" }).end("hi");
      return response.writeHead(200, { "content-disposition": 'attachment; filename="../cat.png"' }).end(PNG);
    });
    const saved = await call("files.save", { url: `${base}/photo?token=t`, ...OPEN });
    expect(saved).toMatchObject({ size: PNG.length, contentType: "image/png", fileName: "cat.png" });
    expect(saved.path).toBe(join(stateDir, "media", "inbound", saved.id));
    expect((await stat(saved.path)).mode & 0o777).toBe(0o600);
    expect(await readFile(saved.path)).toEqual(PNG);
    const taken = await call("files.take", {
      url: `${base}/plain`,
      subdir: "stickers",
      originalFilename: "a",
    });
    expect(taken).toMatchObject({ size: 2, contentType: "text/plain", fileName: "a" });
    expect(await readdir(join(stateDir, "media", "stickers"))).toEqual([taken.id]);
    for (const name of ["fetchRemoteMedia", "readRemoteMediaBuffer"]) {
      const read = await call(`files.${name}`, { url: `${base}/plain`, filePathHint: "note.txt", ...OPEN });
      expect(read).toEqual({ text: "hi", contentType: "text/plain", fileName: "note.txt" });
    }
  });

  it("are refused in the private network unless a policy opens it, and behind redirects", async () => {
    const { call, stateDir } = await contract(FILES);
    const asked: (string | undefined)[] = [];
    const base = await platform((request, response) => {
      asked.push(request.url);
      const { port } = new URL(`http://${request.headers.host}`);
      const location =
        request.url === "/away" ? `http://localhost:${port}/` : "http://169.254.169.254/latest";
      response.writeHead(302, { location }).end();
    });
    const refused = { name: "MediaFetchError", code: "fetch_failed", known: true };
    const blocked = { ...refused, cause: "SSRF_BLOCKED", blocked: true };
    expect((await call("files.save", { url: `${base}/` })).error).toMatchObject(blocked);
    expect(asked).toEqual([]);
    const oneHost = { ssrfPolicy: { allowedHostnames: ["127.0.0.1"] } };
    expect((await call("files.save", { url: `${base}/away`, ...oneHost })).error).toMatchObject(blocked);
    expect((await call("files.save", { url: `${base}/metadata`, ...OPEN })).error).toMatchObject(blocked);
    expect(asked).toEqual(["/away", "/metadata"]);
    expect(await readdir(join(stateDir, "media")).catch(() => [])).toEqual([]);
  });

  it("are refused when they are too large, stated or not, or not there; nothing of them is kept", async () => {
    const { call, stateDir } = await contract(FILES);
    const base = await platform((request, response) => {
      if (request.url?.startsWith("/none")) return response.writeHead(404).end();
      if (request.url === "/stated")
        return response.writeHead(200, { "content-length": "12" }).end("a".repeat(12));
      response.write("a".repeat(6));
      return response.end("a".repeat(6));
    });
    const save = (path: string, maxBytes: number) =>
      call("files.save", { url: base + path, maxBytes, ...OPEN });
    for (const path of ["/stated", "/pieces"]) {
      expect((await save(path, 11)).error).toMatchObject({ code: "max_bytes", known: true });
    }
    const { error } = await save("/none?token=secret", 12);
    expect(error).toMatchObject({ code: "http_error", status: 404, known: true });
    expect(error.message).not.toContain("secret");
    expect(await readdir(join(stateDir, "media")).catch(() => [])).toEqual([]);
    expect(await save("/pieces", 12)).toMatchObject({ size: 12 });
  });
});
