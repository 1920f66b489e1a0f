import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import {
  createFixedWindowRateLimiter,
  createWebhookAnomalyTracker,
  createWebhookInFlightLimiter,
  isJsonContentType,
} from "../../src/plugin-sdk/webhook-ingress.ts";
import {
  beginWebhookRequestPipelineOrReject,
  installRequestBodyLimitGuard,
  readWebhookBodyOrReject,
} from "../../src/plugin-sdk/webhook-request-guards.ts";
import {
  canonicalizeWebhookRouteKey,
  registerWebhookTarget,
  registerWebhookTargetWithPluginRoute,
  resolveSingleWebhookTarget,
  resolveWebhookPath,
  resolveWebhookTargetWithAuthOrReject,
  withResolvedWebhookRequestPipeline,
} from "../../src/plugin-sdk/webhook-targets.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(handler: (req: IncomingMessage, res: ServerResponse) => unknown): Promise<string> {
  const server = createServer((req, res) => void handler(req, res));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Target {
  path: string;
  secret: string;
  seen: string[];
}

const target = (path: string, secret: string): Target => ({ path, secret, seen: [] });

describe("targets of a webhook path", () => {
  it("are compared in the form in which the gateway compares paths", () => {
    expect(canonicalizeWebhookRouteKey("Hooks//%2561/")).toBe("/hooks/a");
    expect(resolveWebhookPath({ webhookPath: " hook/ ", webhookUrl: "https://a.test/b" })).toBe("/hook");
    expect(resolveWebhookPath({ webhookUrl: "https://a.test/b/?x=1" })).toBe("/b");
    expect(resolveWebhookPath({ webhookUrl: "no address", defaultPath: "/d" })).toBeNull();
    expect(resolveWebhookPath({ defaultPath: "/d" })).toBe("/d");
    expect(resolveWebhookPath({})).toBeNull();
    fc.assert(
      fc.property(fc.webPath(), (path) => {
        const key = canonicalizeWebhookRouteKey(path);
        expect(canonicalizeWebhookRouteKey(key)).toBe(key);
        expect(key.startsWith("/")).toBe(true);
      }),
    );
  });

  it("open their path with the first and close it with the last, in any order", () => {
    const targets = new Map<string, Target[]>();
    const events: string[] = [];
    const add = (one: Target) =>
      registerWebhookTarget(targets, one, {
        onFirstPathTarget: ({ path }) => {
          events.push(`open ${path}`);
          return () => events.push(`close ${path}`);
        },
        onLastPathTargetRemoved: ({ path }) => events.push(`empty ${path}`),
      });
    const [first, second] = [add(target("/Hook/", "a")), add(target("/hook", "b"))];
    first.unregister();
    first.unregister();
    expect(targets.get("/hook")).toHaveLength(1);
    expect(events).toEqual(["open /hook"]);
    second.unregister();
    expect(events).toEqual(["open /hook", "close /hook", "empty /hook"]);
    expect(targets.size).toBe(0);
  });

  it("need their plugin to be loaded before they get a route, and leave nothing behind when it is not", () => {
    const targets = new Map<string, Target[]>();
    const route = { auth: "plugin", pluginId: "not-loaded", throwOnFailure: true, handler() {} } as const;
    expect(() =>
      registerWebhookTargetWithPluginRoute({ targetsByPath: targets, target: target("/h", "a"), route }),
    ).toThrow('plugin "not-loaded" is not loaded');
    expect(targets.size).toBe(0);
  });

  it("get a request only when exactly one of them knows its secret", async () => {
    const targets = new Map<string, Target[]>();
    for (const [path, secret] of [
      ["/hook", "a"],
      ["/hook", "b"],
      ["/hook", "b"],
    ] as const) {
      registerWebhookTarget(targets, target(path, secret));
    }
    const base = await serve(async (req, res) => {
      const handled = await withResolvedWebhookRequestPipeline({
        req,
        res,
        targetsByPath: targets,
        allowMethods: ["POST"],
        requireJsonContentType: true,
        handle: async ({ targets: found, path }) => {
          const isMatch = async ({ secret }: Target) => secret === req.headers["x-secret"];
          const one = await resolveWebhookTargetWithAuthOrReject({ targets: found, res, isMatch });
          if (one) res.end(`${path} ${one.secret}`);
          return true;
        },
      });
      if (!handled) res.writeHead(404).end();
    });
    const send = async (
      path: string,
      secret: string,
      type = "application/json; charset=utf-8",
      method = "POST",
    ) => {
      const response = await fetch(base + path, {
        method,
        headers: { "x-secret": secret, "content-type": type },
      });
      return `${response.status} ${await response.text()}`;
    };
    expect(await send("/HOOK/", "a")).toBe("200 /hook a");
    expect(await send("/hook", "b")).toBe("401 ambiguous webhook target");
    expect(await send("/hook", "c")).toBe("401 unauthorized");
    expect(await send("/other", "a")).toBe("404 ");
    expect(await send("/hook", "a", "text/plain")).toBe("415 Unsupported Media Type");
    expect(await send("/hook", "a", "application/json", "PUT")).toBe("405 Method Not Allowed");
    const asked: number[] = [];
    resolveSingleWebhookTarget([1, 2, 3], (one) => asked.push(one) === 1);
    expect(asked).toEqual([1, 2, 3]);
  });
});

describe("requests of a webhook", () => {
  it("are limited in rate and in number at a time, and a place is given back once", async () => {
    const rateLimiter = createFixedWindowRateLimiter({ windowMs: 1_000, maxRequests: 3, maxTrackedKeys: 10 });
    const inFlightLimiter = createWebhookInFlightLimiter({ maxInFlightPerKey: 1 });
    const releases: (() => void)[] = [];
    const base = await serve((req, res) => {
      const pipeline = beginWebhookRequestPipelineOrReject({
        req,
        res,
        rateLimiter,
        rateLimitKey: "key",
        nowMs: 0,
        inFlightLimiter,
        inFlightKey: "key",
      });
      if (!pipeline.ok) return;
      releases.push(pipeline.release);
      res.end("taken");
    });
    const send = async () => (await fetch(base, { method: "POST" })).status;
    expect(await send()).toBe(200);
    expect(await send()).toBe(429);
    releases[0]?.();
    releases[0]?.();
    expect(await send()).toBe(200);
    releases[1]?.();
    expect(inFlightLimiter.size()).toBe(0);
    expect(await send()).toBe(429);
  });

  it("are answered when the body is too large or too slow for its guard", async () => {
    const outcomes: (string | null)[] = [];
    const base = await serve(async (req, res) => {
      const guard = installRequestBodyLimitGuard(req, res, {
        maxBytes: 10,
        timeoutMs: 20,
        responseFormat: "text",
      });
      const body = await readWebhookBodyOrReject({
        req,
        res,
        maxBytes: 1_000,
        profile: "pre-auth",
        timeoutMs: 200,
      });
      outcomes.push(guard.code());
      guard.dispose();
      if (body.ok && !guard.isTripped()) res.end(`read ${body.value.length}`);
    });
    const send = (body: string, stall = false) =>
      new Promise<string>((resolve, reject) => {
        const outgoing = request(base, { method: "POST" }, async (response) => {
          let text = "";
          for await (const chunk of response) text += String(chunk);
          resolve(`${response.statusCode} ${text}`);
          outgoing.destroy();
        });
        outgoing.on("error", reject);
        outgoing.setHeader("transfer-encoding", "chunked");
        outgoing.write(body);
        if (!stall) outgoing.end();
      });
    expect(await send("1234567890")).toBe("200 read 10");
    expect(await send("12345678901")).toBe("413 Payload too large");
    expect(await send("12", true)).toBe("408 Request body timeout");
    expect((await fetch(base, { method: "POST", body: "12345678901" })).status).toBe(413);
    expect(outcomes.slice(0, 2)).toEqual([null, "PAYLOAD_TOO_LARGE"]);
  });

  it("that were refused are told of once and then now and again", () => {
    const lines: string[] = [];
    const tracker = createWebhookAnomalyTracker({ logEvery: 3, maxTrackedKeys: 2, ttlMs: 100 });
    const record = (key: string, statusCode: number, nowMs: number) =>
      tracker.record({
        key,
        statusCode,
        nowMs,
        log: (line) => lines.push(line),
        message: (count) => `${key} ${count}`,
      });
    expect([1, 2, 3, 4].map((at) => record("a", 401, at))).toEqual([1, 2, 3, 4]);
    expect(record("a", 200, 5)).toBe(0);
    expect(lines).toEqual(["a 1", "a 3"]);
    expect(record("a", 401, 104)).toBe(1);
    record("b", 429, 105);
    record("c", 429, 106);
    expect(tracker.size()).toBe(2);
    tracker.clear();
    expect(tracker.size()).toBe(0);
  });

  it("carry JSON by more than one name", () => {
    expect(
      ["application/json", "Application/JSON; x=1", "application/vnd.api+json"].every(isJsonContentType),
    ).toBe(true);
    expect([undefined, "text/json-ish", "application/jsonp", ""].some(isJsonContentType)).toBe(false);
  });
});
