import { request } from "node:http";
import { describe, expect, it } from "vitest";
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
import { closeDispatcher } from "../../src/plugin-sdk/ssrf-dispatcher.ts";
import { ssrfPolicyFromDangerouslyAllowPrivateNetwork } from "../../src/plugin-sdk/ssrf-runtime.ts";
import { cleanups, target, tunnelProxy } from "../runtime/egress/support.ts";

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
  it("go through the operator's proxy when a channel asks for it", () => {
    expect(withTrustedEnvProxyGuardedFetchMode({ url: "http://a.test/" })).toEqual({
      url: "http://a.test/",
      mode: "trusted_env_proxy",
    });
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
