import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  createHttp1EnvHttpProxyAgent,
  createHttp1ProxyAgent,
  createNodeProxyAgent,
  makeProxyFetch,
  resolveEnvHttpProxyAgentOptions,
  withTrustedEnvProxyGuardedFetchMode,
  wrapFetchWithAbortSignal,
} from "../../src/plugin-sdk/fetch-runtime.ts";
import { isLoopbackHost, resolveRequestUrl } from "../../src/plugin-sdk/request-url.ts";
import {
  fetchWithRuntimeDispatcher,
  fetchWithRuntimeDispatcherOrMockedGlobal,
} from "../../src/plugin-sdk/runtime-fetch.ts";
import {
  closeDispatcher,
  createPinnedDispatcher,
  resolvePinnedHostnameWithPolicy,
} from "../../src/plugin-sdk/ssrf-dispatcher.ts";
import {
  fetchWithSsrFGuard,
  isBlockedHostnameOrIp,
  SsrFBlockedError,
  ssrfPolicyFromDangerouslyAllowPrivateNetwork,
} from "../../src/plugin-sdk/ssrf-runtime.ts";

const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

async function target(): Promise<{ port: number; requests: IncomingMessage[]; bodies: string[] }> {
  const requests: IncomingMessage[] = [];
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    requests.push(request);
    bodies.push(body);
    response.end(`served ${request.headers.host}`);
  });
  return { port: await listen(server), requests, bodies };
}

/** A proxy that connects every tunnel to one target, whatever name it was asked for. */
async function tunnelProxy(targetPort: number) {
  const tunnels: string[] = [];
  const credentials: (string | undefined)[] = [];
  const server = createServer((_request, response) => response.writeHead(400).end());
  server.on("connect", (request: IncomingMessage, socket: Socket) => {
    tunnels.push(request.url ?? "");
    credentials.push(request.headers["proxy-authorization"]);
    if (request.url?.startsWith("refused.")) {
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const upstream = connect(targetPort, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, port, tunnels, credentials };
}

function environment(values: Record<string, string | undefined>) {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
    cleanups.push(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}

describe("proxies", () => {
  it("are read from the environment in either case, https falling back to http", () => {
    expect(resolveEnvHttpProxyAgentOptions({})).toBeUndefined();
    expect(resolveEnvHttpProxyAgentOptions({ HTTP_PROXY: "http://p:1", no_proxy: "a.test" })).toEqual({
      httpProxy: "http://p:1",
      httpsProxy: "http://p:1",
      noProxy: "a.test",
    });
    expect(resolveEnvHttpProxyAgentOptions({ https_proxy: "http://s:2" })).toEqual({
      httpsProxy: "http://s:2",
    });
  });

  it("carry a fetch, with the credentials of the proxy's address", async () => {
    const { port, bodies } = await target();
    const proxy = await tunnelProxy(port);
    const dispatcher = createHttp1ProxyAgent({ uri: proxy.url.replace("//", "//ada:pa%20ss@") });
    const response = await fetchWithRuntimeDispatcher(`http://service.test:${port}/x`, {
      method: "POST",
      body: "hello",
      dispatcher,
    });
    expect(await response.text()).toBe(`served service.test:${port}`);
    expect(bodies).toEqual(["hello"]);
    expect(proxy.tunnels).toEqual([`service.test:${port}`]);
    expect(proxy.credentials).toEqual([`Basic ${Buffer.from("ada:pa ss").toString("base64")}`]);
    await closeDispatcher(dispatcher);
    await expect(
      fetchWithRuntimeDispatcher(`http://service.test:${port}/`, { dispatcher }),
    ).rejects.toThrow();
    const viaFunction = await makeProxyFetch(proxy.url)(
      new Request("http://other.test/", { method: "PUT", body: "b" }),
    );
    expect(await viaFunction.text()).toBe("served other.test");
    expect(bodies[1]).toBe("b");
  });

  it("of the environment are used unless NO_PROXY exempts the host or an empty string switches them off", async () => {
    const { port } = await target();
    const proxy = await tunnelProxy(port);
    const env = { HTTP_PROXY: proxy.url, NO_PROXY: "127.0.0.1" };
    const dispatcher = createHttp1EnvHttpProxyAgent({}, 5_000, env);
    cleanups.push(() => closeDispatcher(dispatcher));
    expect(await (await fetchWithRuntimeDispatcher("http://away.test/", { dispatcher })).text()).toBe(
      "served away.test",
    );
    await (await fetchWithRuntimeDispatcher(`http://127.0.0.1:${port}/`, { dispatcher })).text();
    const direct = createHttp1EnvHttpProxyAgent({ httpProxy: "", httpsProxy: "", noProxy: "*" }, 5_000, env);
    cleanups.push(() => closeDispatcher(direct));
    await (await fetchWithRuntimeDispatcher(`http://127.0.0.1:${port}/`, { dispatcher: direct })).text();
    expect(proxy.tunnels).toEqual(["away.test:80"]);
  });

  it("carry requests of Node's http module, and say why a tunnel was refused", async () => {
    const { port } = await target();
    const proxy = await tunnelProxy(port);
    const agent = createNodeProxyAgent({ mode: "explicit", proxyUrl: proxy.url, protocol: "http" });
    expect(agent.getProxyForUrl("http://any.test/")).toBe(`${proxy.url}/`);
    const get = (host: string) =>
      new Promise<string>((resolve, reject) => {
        request({ host, port, agent, path: "/" }, async (response) => {
          let body = "";
          for await (const chunk of response) body += String(chunk);
          resolve(body);
        })
          .on("error", reject)
          .end();
      });
    expect(await get("chat.test")).toBe(`served chat.test:${port}`);
    await expect(get("refused.test")).rejects.toThrow("refused a tunnel to refused.test");
    const env = { HTTPS_PROXY: proxy.url, NO_PROXY: "inside.test, .corp.test:8443" };
    const found = (targetUrl: string) => createNodeProxyAgent({ mode: "env", targetUrl, env }) !== undefined;
    expect(found("wss://chat.test/socket")).toBe(true);
    expect(found("wss://a.inside.test/socket")).toBe(false);
    expect(found("wss://a.corp.test:8443/")).toBe(false);
    expect(found("wss://a.corp.test/")).toBe(true);
    expect(found("ws://chat.test/")).toBe(false);
  });

  it("of other kinds are refused when they are configured, without repeating a password", () => {
    const bad = "socks5://ada:secret@localhost:1";
    for (const make of [
      () => createHttp1ProxyAgent(bad),
      () => createNodeProxyAgent({ mode: "explicit", proxyUrl: bad }),
      () => createHttp1EnvHttpProxyAgent({ httpsProxy: bad }),
      () => makeProxyFetch("not an address secret"),
    ]) {
      expect(make).toThrow(/proxy/);
      expect(make).not.toThrow(/secret/);
    }
  });
});

describe("guarded requests", () => {
  const answering = (address: string) => async () => [{ address, family: 4 }];

  it("reach only the address that was checked through a pinned dispatcher", async () => {
    const { port } = await target();
    const pinned = await resolvePinnedHostnameWithPolicy("service.test", {
      policy: { allowPrivateNetwork: true },
      lookupFn: answering("127.0.0.1"),
    });
    const dispatcher = createPinnedDispatcher(pinned);
    cleanups.push(() => closeDispatcher(dispatcher));
    const response = await fetchWithRuntimeDispatcher(`http://service.test:${port}/`, { dispatcher });
    expect(await response.text()).toBe(`served service.test:${port}`);
    await expect(fetchWithRuntimeDispatcher(`http://other.test:${port}/`, { dispatcher })).rejects.toThrow();
  });

  it("still check the host, and a proxy's own address, when they go through a proxy", async () => {
    const { port } = await target();
    const proxy = await tunnelProxy(port);
    const lookupFn = answering("93.184.216.34");
    const dispatcherPolicy = { mode: "explicit-proxy", proxyUrl: proxy.url } as const;
    const result = await fetchWithSsrFGuard({ url: "http://public.test/", lookupFn, dispatcherPolicy });
    expect(await result.response.text()).toBe("served public.test");
    await result.release();
    expect(proxy.tunnels).toEqual(["public.test:80"]);
    const refused = [
      { url: "http://10.0.0.1/", dispatcherPolicy },
      { url: "http://public.test/", lookupFn: answering("10.0.0.1"), dispatcherPolicy },
      {
        url: "http://public.test/",
        lookupFn,
        dispatcherPolicy: { ...dispatcherPolicy, allowPrivateProxy: false },
      },
    ];
    for (const options of refused) {
      await expect(fetchWithSsrFGuard(options)).rejects.toThrow(SsrFBlockedError);
    }
    expect(proxy.tunnels).toHaveLength(1);
  });

  it("leave names to the operator's proxy only in the trusted mode, and private hosts never", async () => {
    const { port } = await target();
    const proxy = await tunnelProxy(port);
    environment({ HTTP_PROXY: proxy.url, http_proxy: undefined, NO_PROXY: undefined, no_proxy: undefined });
    const trusted = withTrustedEnvProxyGuardedFetchMode({ url: "http://unresolvable.test/" });
    const result = await fetchWithSsrFGuard(trusted);
    expect(await result.response.text()).toBe("served unresolvable.test");
    await result.release();
    await expect(
      fetchWithSsrFGuard(withTrustedEnvProxyGuardedFetchMode({ url: "http://169.254.169.254/" })),
    ).rejects.toThrow(SsrFBlockedError);
    environment({ NO_PROXY: "*" });
    await expect(fetchWithSsrFGuard({ ...trusted, lookupFn: answering("127.0.0.1") })).rejects.toThrow(
      SsrFBlockedError,
    );
    expect(proxy.tunnels).toEqual(["unresolvable.test:80"]);
  });

  it.each([
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "198.18.0.1",
    "192.0.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    // Other ways to write an IPv4 address, and IPv6 that leads to one.
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "127.1",
    "0177.0.0.1",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1:7f00:0:100:808:808]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[::ffff:0:127.0.0.1]",
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fc00::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[4000::1]",
    "localhost",
    "LOCALHOST.",
    "localhost..",
    "a.localhost",
    "printer.local",
    "db.internal",
    "metadata.google.internal",
    "１２７.0.0.1",
    "127。0。0｡1",
  ])("never reach %s, however it is written", async (host) => {
    const url = `http://${host}/`;
    const lookupFn = async () => Promise.reject(new Error("was looked up"));
    await expect(fetchWithSsrFGuard({ url, lookupFn })).rejects.toBeInstanceOf(SsrFBlockedError);
    expect(isBlockedHostnameOrIp(host)).toBe(true);
  });

  it.each([
    "169.254.169.254",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "169.254.170.2",
    "metadata.google.internal.",
    "2852039166",
  ])("never ask a cloud's metadata service at %s, even where the private network is open", async (host) => {
    for (const policy of [
      { allowPrivateNetwork: true },
      { allowedHostnames: [host, new URL(`http://${host}`).hostname] },
    ]) {
      await expect(fetchWithSsrFGuard({ url: `http://${host}/latest`, policy })).rejects.toBeInstanceOf(
        SsrFBlockedError,
      );
    }
    const pointedThere = answering(new URL(`http://${host}`).hostname.replace(/[[\]]/g, ""));
    if (!host.startsWith("metadata")) {
      const options = { policy: { allowPrivateNetwork: true }, lookupFn: pointedThere };
      await expect(fetchWithSsrFGuard({ url: "http://nice.test/", ...options })).rejects.toBeInstanceOf(
        SsrFBlockedError,
      );
    }
  });

  it("look a name up once and connect to that answer: a second one can not lead elsewhere", async () => {
    const { port, requests } = await target();
    let lookups = 0;
    const lookupFn = async () => {
      lookups += 1;
      return [{ address: lookups === 1 ? "127.0.0.1" : "169.254.169.254", family: 4 }];
    };
    const policy = { allowPrivateNetwork: true };
    const { response, release } = await fetchWithSsrFGuard({
      url: `http://nice.test:${port}/`,
      lookupFn,
      policy,
    });
    expect(await response.text()).toBe(`served nice.test:${port}`);
    await release();
    expect({ lookups, requests: requests.length }).toEqual({ lookups: 1, requests: 1 });
    const mixed = async () => [
      { address: "93.184.216.34", family: 4 },
      { address: "10.0.0.1", family: 4 },
    ];
    await expect(fetchWithSsrFGuard({ url: "http://nice.test/", lookupFn: mixed })).rejects.toThrow(
      "10.0.0.1",
    );
  });

  it("take no credential and no body along to another origin, whatever its header is called", async () => {
    const elsewhere = await target();
    const here = await listen(
      createServer((request, response) => {
        const to = request.url === "/stay" ? "/end" : `http://other.test:${elsewhere.port}/`;
        response
          .writeHead(request.url === "/end" ? 200 : 307, { location: to })
          .end(JSON.stringify(request.headers));
      }),
    );
    const options = {
      policy: { allowPrivateNetwork: true },
      lookupFn: answering("127.0.0.1"),
      init: {
        method: "POST",
        body: "a secret",
        headers: {
          Authorization: "Bearer s",
          Cookie: "s",
          "X-Api-Key": "s",
          "Ocp-Subscription": "s",
          Accept: "text/plain",
        },
      },
    };
    const ask = async (path: string, more: object = {}) => {
      const { response, release } = await fetchWithSsrFGuard({
        url: `http://one.test:${here}${path}`,
        ...options,
        ...more,
      });
      const text = await response.text();
      await release();
      return text;
    };
    await ask("/leave");
    const seen = elsewhere.requests[0]?.headers ?? {};
    expect(seen.accept).toBe("text/plain");
    expect(Object.values(seen)).not.toContain("s");
    expect(Object.keys(seen)).not.toEqual(expect.arrayContaining(["authorization"]));
    expect(elsewhere.bodies[0]).toBe("");
    expect(JSON.parse(await ask("/stay"))).toMatchObject({ "x-api-key": "s", authorization: "Bearer s" });
    await ask("/leave", { allowCrossOriginUnsafeRedirectReplay: true });
    expect(elsewhere.bodies[1]).toBe("a secret");
  });

  it("take the private network from a setting", () => {
    expect(ssrfPolicyFromDangerouslyAllowPrivateNetwork(true)).toEqual({ allowPrivateNetwork: true });
    expect(ssrfPolicyFromDangerouslyAllowPrivateNetwork(false)).toBeUndefined();
    expect(ssrfPolicyFromDangerouslyAllowPrivateNetwork(null)).toBeUndefined();
  });
});

describe("what fetch is given", () => {
  it("names its address", () => {
    expect(resolveRequestUrl("http://a.test/")).toBe("http://a.test/");
    expect(resolveRequestUrl(new URL("http://a.test/b"))).toBe("http://a.test/b");
    expect(resolveRequestUrl(new Request("http://a.test/c"))).toBe("http://a.test/c");
    expect(resolveRequestUrl(undefined)).toBe("");
    expect(isLoopbackHost("127.0.0.1")).toBe(true);
  });

  it("may carry a signal of another library", async () => {
    const { port } = await target();
    const wrapped = wrapFetchWithAbortSignal(fetch);
    const foreign = { aborted: true, reason: new Error("stopped by the person") };
    await expect(wrapped(`http://127.0.0.1:${port}/`, { signal: foreign as never })).rejects.toThrow(
      "stopped by",
    );
    const quiet = { aborted: false, addEventListener() {}, removeEventListener() {} };
    expect((await wrapped(`http://127.0.0.1:${port}/`, { signal: quiet as never })).status).toBe(200);
  });

  it("goes to a fetch that a test put in place of the global one", async () => {
    const original = globalThis.fetch;
    cleanups.push(() => {
      globalThis.fetch = original;
    });
    globalThis.fetch = Object.assign(async () => new Response("stand-in"), { mock: {} }) as typeof fetch;
    const response = await fetchWithRuntimeDispatcherOrMockedGlobal("http://a.test/", { dispatcher: {} });
    expect(await response.text()).toBe("stand-in");
  });
});
