import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import type { PluginRuntime } from "../../src/contracts/runtime.ts";
import { buildDashscopeVideoGenerationProvider } from "../../src/plugin-sdk/video-generation.ts";
import { announceSdkHost } from "../../src/plugins/loading/sdk-host.ts";
import type { HookRunner } from "../../src/plugins/types.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** A small server of DashScope's wire format; `states` are what the task answers, one a look. */
async function service(states: object[], key = "sk-right") {
  const seen: { path: string; headers: IncomingMessage["headers"]; body: string }[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const { url: path = "", headers } = request;
      seen.push({ path, headers, body: await textOf(request) });
      const json = (status: number, value: object) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
      if (path.endsWith(".mp4"))
        response.writeHead(200, { "content-type": "video/mp4" }).end("moving pictures");
      else if (headers.authorization !== `Bearer ${key}`)
        json(401, { message: `bad key ${headers.authorization}` });
      else if (request.method === "POST") json(200, { output: { task_id: "t/1", task_status: "PENDING" } });
      else json(200, { output: states.shift() ?? { task_status: "RUNNING" } });
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => void server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const runtime = { modelAuth: { resolveApiKeyForProvider: async () => ({ apiKey: "sk-right" }) } };
  const announced = announceSdkHost(() => runtime as unknown as PluginRuntime, {} as HookRunner);
  onTestFinished(() => void announced.dispose());
  const provider = buildDashscopeVideoGenerationProvider({
    providerId: "acme",
    label: "Acme",
    taskLabel: "Acme",
    apiKeyLabel: "Acme",
    defaultBaseUrl: "https://acme.invalid",
    pollIntervalMs: 1,
    credentialPolicy: {
      acceptsApiKey: (apiKey) => !apiKey.startsWith("plan-"),
      acceptsBaseUrl: (configured) => configured !== "https://plan.invalid",
      unsupportedMessage: "this plan makes no videos",
    },
  });
  const cfg = { models: { providers: { acme: { baseUrl: `${base}/` } } } };
  return {
    base,
    seen,
    provider,
    request: { cfg, prompt: "a cat", ssrfPolicy: { allowPrivateNetwork: true } },
  };
}

describe("videos by DashScope's protocol", () => {
  it("hands in a task, looks at it until it is done, and fetches the video", async () => {
    const states: object[] = [{ task_status: "RUNNING" }];
    const { base, seen, provider, request } = await service(states);
    states.push({ task_status: "SUCCEEDED", video_url: `${base}/out.mp4` });
    const made = await provider.generateVideo({
      ...request,
      resolution: "1080p",
      aspectRatio: "9:16",
      durationSeconds: 4.6,
    });
    expect(made).toEqual({
      model: "wan2.6-t2v",
      metadata: { taskId: "t/1" },
      videos: [
        {
          buffer: Buffer.from("moving pictures"),
          mimeType: "video/mp4",
          fileName: "video-1.mp4",
          metadata: { sourceUrl: `${base}/out.mp4` },
        },
      ],
    });
    expect(seen.map(({ path }) => path)).toEqual([
      "/api/v1/services/aigc/video-generation/video-synthesis",
      "/api/v1/tasks/t%2F1",
      "/api/v1/tasks/t%2F1",
      "/out.mp4",
    ]);
    expect(seen[0]?.headers["x-dashscope-async"]).toBe("enable");
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({
      model: "wan2.6-t2v",
      input: { prompt: "a cat" },
      parameters: { size: "1080*1920", duration: 5 },
    });
    // The address of the video is somebody else's: it does not get the key.
    expect(seen[3]?.headers.authorization).toBeUndefined();
  });

  it("sends a picture along, and takes the model that fits", async () => {
    const states: object[] = [];
    const { base, seen, provider, request } = await service(states);
    states.push({ task_status: "SUCCEEDED", results: [{ video_url: `${base}/a.mp4` }] });
    const inputImages = [{ buffer: Buffer.from("png"), mimeType: "image/png" }];
    const { model } = await provider.generateVideo({ ...request, inputImages });
    expect(model).toBe("wan2.6-i2v");
    expect(JSON.parse(seen[0]?.body ?? "")).toMatchObject({
      input: { img_url: `data:image/png;base64,${Buffer.from("png").toString("base64")}` },
      parameters: { resolution: "720P" },
    });
  });

  it("says why there is no video, without the key", async () => {
    const failed = await service([{ task_status: "FAILED", message: "no cats today" }]);
    await expect(failed.provider.generateVideo(failed.request)).rejects.toThrow("FAILED: no cats today");
    const refused = await service([], "another");
    const refusal = await refused.provider
      .generateVideo(refused.request)
      .catch((error: Error) => error.message);
    expect(refusal).toContain("HTTP 401");
    expect(refusal).not.toContain("sk-right");
    const cfg = { models: { providers: { acme: { baseUrl: "https://plan.invalid" } } } };
    await expect(refused.provider.generateVideo({ ...refused.request, cfg })).rejects.toThrow("this plan");
  });

  it("ends when its time is over, and when it is called off", async () => {
    const { provider, request } = await service([]);
    await expect(provider.generateVideo({ ...request, timeoutMs: 60 })).rejects.toThrow("timed out");
    const stopped = AbortSignal.abort(new Error("called off"));
    await expect(provider.generateVideo({ ...request, signal: stopped })).rejects.toThrow("called off");
  });

  it("reaches no private address unless that is allowed", async () => {
    const { provider, request, seen } = await service([]);
    const { ssrfPolicy: _allowed, ...strict } = request;
    await expect(provider.generateVideo(strict)).rejects.toMatchObject({ name: "SsrFBlockedError" });
    expect(seen).toEqual([]);
  });
});
