import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { isBlockedHostnameOrIp } from "../../../src/runtime/egress/addresses.ts";
import { fetchWithRuntimeDispatcher } from "../../../src/runtime/egress/dispatched-fetch.ts";
import { closeDispatcher, createPinnedDispatcher } from "../../../src/runtime/egress/dispatchers.ts";
import { fetchWithSsrFGuard, SsrFBlockedError } from "../../../src/runtime/egress/index.ts";
import { resolvePinnedHostnameWithPolicy } from "../../../src/runtime/egress/pinned-hostname.ts";
import { cleanups, environment, listen, target, tunnelProxy } from "./support.ts";

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
    const trusted = { url: "http://unresolvable.test/", mode: "trusted_env_proxy" } as const;
    const result = await fetchWithSsrFGuard(trusted);
    expect(await result.response.text()).toBe("served unresolvable.test");
    await result.release();
    await expect(fetchWithSsrFGuard({ ...trusted, url: "http://169.254.169.254/" })).rejects.toThrow(
      SsrFBlockedError,
    );
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
});
