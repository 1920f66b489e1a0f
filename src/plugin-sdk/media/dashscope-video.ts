import type { ChannelConfig } from "../../contracts/channel.ts";
import type { EgressPolicy } from "../../contracts/egress.ts";
import { fetchWithSsrFGuard } from "../../runtime/egress/index.ts";
import { requireHost } from "../ambient/host.ts";
import { createProviderOperationDeadline, resolveProviderOperationTimeoutMs } from "../net/deadlines.ts";
import {
  assertOkOrThrowProviderError,
  readProviderBinaryResponse,
  readProviderJsonObjectResponse,
} from "../net/responses.ts";
import { isRecord, readPath, type UnknownRecord } from "../values/records.ts";

/** Milliseconds for a video from the request to its last byte, unless the request says otherwise. */
export const VIDEO_LIMIT_MS = 600_000;
/** Milliseconds for each single request. */
const REQUEST_LIMIT_MS = 60_000;
const POLL_INTERVAL_MS = 5_000;
export const MAX_VIDEO_BYTES = 256 * 1_024 * 1_024;
const MAX_VIDEOS = 4;

export interface VideoReference {
  url?: string;
  buffer?: Buffer;
  mimeType?: string;
}

export interface VideoRequest {
  model?: string;
  prompt: string;
  cfg?: ChannelConfig;
  agentDir?: string;
  timeoutMs?: number;
  /** `1280x720`; otherwise `resolution` and `aspectRatio` give one. */
  size?: string;
  aspectRatio?: string;
  resolution?: string;
  durationSeconds?: number;
  audio?: boolean;
  watermark?: boolean;
  inputImages?: readonly VideoReference[];
  inputVideos?: readonly VideoReference[];
  ssrfPolicy?: EgressPolicy;
  signal?: AbortSignal;
}

export interface GeneratedVideo {
  buffer: Buffer;
  mimeType: string;
  fileName: string;
  metadata: { sourceUrl: string };
}

export interface DashscopeVideoOptions {
  providerId: string;
  label: string;
  /** Names the service in errors. */
  taskLabel: string;
  apiKeyLabel: string;
  defaultBaseUrl: string;
  resolveRequestBaseUrl?(configured: string | undefined): string;
  /** The address of the video service for a base URL. */
  resolveAigcBaseUrl?(baseUrl: string): string;
  credentialPolicy?: {
    acceptsApiKey(apiKey: string): boolean;
    acceptsBaseUrl?(configured: string | undefined): boolean;
    unsupportedMessage: string;
  };
  /** Milliseconds between two looks at a task. Default 5,000. */
  pollIntervalMs?: number;
}

const SIZES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "480P": { "16:9": "832*480", "9:16": "480*832", "1:1": "624*624" },
  "720P": { "16:9": "1280*720", "9:16": "720*1280", "1:1": "960*960", "4:3": "1088*832", "3:4": "832*1088" },
  "1080P": {
    "16:9": "1920*1080",
    "9:16": "1080*1920",
    "1:1": "1440*1440",
    "4:3": "1632*1248",
    "3:4": "1248*1632",
  },
};

const LIMITS = {
  maxVideos: 1,
  maxDurationSeconds: 10,
  supportsSize: true,
  supportsAspectRatio: true,
  supportsResolution: true,
  supportsAudio: true,
  supportsWatermark: true,
};

/**
 * A video provider (spec 3.3.7) for services that speak DashScope's protocol: a task is handed in, looked at
 * until it is done, and its video fetched. The key is the one of the model provider of the same id.
 */
export function buildDashscopeVideoGenerationProvider(options: DashscopeVideoOptions) {
  const settings = (cfg: ChannelConfig | undefined) => {
    const configured = readPath(cfg, ["models", "providers", options.providerId, "baseUrl"]);
    const own = typeof configured === "string" && configured.trim() !== "" ? configured.trim() : undefined;
    const base = options.resolveRequestBaseUrl?.(own) ?? own ?? options.defaultBaseUrl;
    return { own, base: (options.resolveAigcBaseUrl?.(base) ?? base).replace(/\/+$/, "") };
  };
  return {
    id: options.providerId,
    label: options.label,
    defaultModel: "wan2.6-t2v",
    models: ["wan2.6-t2v", "wan2.6-i2v", "wan2.6-r2v", "wan2.6-r2v-flash", "wan2.7-r2v"],
    defaultTimeoutMs: VIDEO_LIMIT_MS,
    capabilities: {
      generate: LIMITS,
      imageToVideo: { enabled: true, maxInputImages: 1, ...LIMITS },
      videoToVideo: { enabled: true, maxInputVideos: 3, ...LIMITS },
    },
    async generateVideo(request: VideoRequest) {
      const { own, base } = settings(request.cfg);
      const apiKey = await keyOf(options, request);
      const policy = options.credentialPolicy;
      if (policy && !(policy.acceptsApiKey(apiKey) && (policy.acceptsBaseUrl?.(own) ?? true))) {
        throw new Error(policy.unsupportedMessage);
      }
      const task = new VideoTask(options, request, base, apiKey);
      const { taskId, urls } = await task.run();
      const videos: GeneratedVideo[] = [];
      for (const url of urls) videos.push(await task.download(url, videos.length + 1));
      return { videos, model: modelOf(request), metadata: { taskId } };
    },
  };
}

function modelOf({ model, inputImages, inputVideos }: VideoRequest): string {
  if (model) return model;
  if (inputVideos?.length) return "wan2.6-r2v";
  return inputImages?.length ? "wan2.6-i2v" : "wan2.6-t2v";
}

async function keyOf(options: DashscopeVideoOptions, { cfg }: VideoRequest): Promise<string> {
  const { providerId, apiKeyLabel } = options;
  const { modelAuth } = requireHost("generating a video").runtime;
  const found = await modelAuth.resolveApiKeyForProvider({ provider: providerId, ...(cfg ? { cfg } : {}) });
  if (!found.apiKey) {
    throw new Error(
      `no ${apiKeyLabel} API key: set models.providers.${providerId}.apiKey or its environment variable`,
    );
  }
  return found.apiKey;
}

/** One video in the making. */
class VideoTask {
  readonly #options: DashscopeVideoOptions;
  readonly #request: VideoRequest;
  readonly #base: string;
  readonly #apiKey: string;
  readonly #deadline: ReturnType<typeof createProviderOperationDeadline>;

  constructor(options: DashscopeVideoOptions, request: VideoRequest, base: string, apiKey: string) {
    this.#options = options;
    this.#request = request;
    this.#base = base;
    this.#apiKey = apiKey;
    this.#deadline = createProviderOperationDeadline({
      label: `${options.taskLabel} video generation`,
      timeoutMs: request.timeoutMs ?? VIDEO_LIMIT_MS,
    });
  }

  async run(): Promise<{ taskId: string; urls: string[] }> {
    const { taskLabel, pollIntervalMs = POLL_INTERVAL_MS } = this.#options;
    let output = await this.#ask(`${this.#base}/api/v1/services/aigc/video-generation/video-synthesis`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-dashscope-async": "enable" },
      body: JSON.stringify(bodyOf(this.#request)),
    });
    const taskId = output["task_id"];
    if (typeof taskId !== "string") throw new Error(`${taskLabel}: the answer names no task`);
    for (;;) {
      const status = String(output["task_status"] ?? "PENDING");
      if (status === "SUCCEEDED") return { taskId, urls: urlsOf(output, taskLabel) };
      if (status !== "PENDING" && status !== "RUNNING") {
        const why = typeof output["message"] === "string" ? `: ${output["message"]}` : "";
        throw new Error(`${taskLabel} video task ${taskId} ended as ${status}${why}`);
      }
      await this.#pause(pollIntervalMs);
      output = await this.#ask(`${this.#base}/api/v1/tasks/${encodeURIComponent(taskId)}`, {});
    }
  }

  async download(url: string, number: number): Promise<GeneratedVideo> {
    const label = `${this.#options.taskLabel} video download`;
    const { response, release } = await this.#send(url, {});
    try {
      await assertOkOrThrowProviderError(response, label);
      const mimeType = response.headers.get("content-type")?.split(";")[0]?.trim() || "video/mp4";
      const buffer = await readProviderBinaryResponse(response, label, { maxBytes: MAX_VIDEO_BYTES });
      return { buffer, mimeType, fileName: `video-${number}.mp4`, metadata: { sourceUrl: url } };
    } finally {
      await release();
    }
  }

  async #ask(url: string, init: RequestInit): Promise<UnknownRecord> {
    const label = `${this.#options.taskLabel} video generation`;
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${this.#apiKey}` };
    const { response, release } = await this.#send(url, { ...init, headers });
    try {
      await assertOkOrThrowProviderError(response, label, { requestHeaders: headers });
      const { output } = await readProviderJsonObjectResponse(response, label);
      return isRecord(output) ? output : {};
    } finally {
      await release();
    }
  }

  #send(url: string, init: RequestInit) {
    const { ssrfPolicy, signal } = this.#request;
    return fetchWithSsrFGuard({
      url,
      init,
      timeoutMs: this.#left(REQUEST_LIMIT_MS),
      auditContext: `${this.#options.providerId}-video`,
      policy: ssrfPolicy,
      ...(signal ? { signal } : {}),
    });
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#request;
    const wait = this.#left(milliseconds);
    signal?.throwIfAborted();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, wait);
      function done() {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      }
      signal?.addEventListener("abort", done);
    });
    signal?.throwIfAborted();
  }

  /** @throws when the time for the whole video is over */
  #left(defaultTimeoutMs: number): number {
    return resolveProviderOperationTimeoutMs({ deadline: this.#deadline, defaultTimeoutMs });
  }
}

function bodyOf(request: VideoRequest): UnknownRecord {
  const { prompt, inputImages = [], inputVideos = [], durationSeconds, watermark, audio } = request;
  const references = inputVideos.map((video) => {
    if (!video.url) throw new Error("reference videos have to be public addresses");
    return video.url;
  });
  const fromImage = inputImages.length > 0 && references.length === 0;
  return {
    model: modelOf(request),
    input: {
      prompt,
      ...(fromImage ? { img_url: addressOf(inputImages[0] as VideoReference) } : {}),
      ...(references.length > 0 ? { reference_video_urls: references } : {}),
    },
    parameters: {
      ...(fromImage ? { resolution: resolutionOf(request) } : { size: sizeOf(request) }),
      ...(durationSeconds === undefined ? {} : { duration: Math.max(1, Math.round(durationSeconds)) }),
      ...(watermark === undefined ? {} : { watermark }),
      ...(audio === undefined ? {} : { audio }),
    },
  };
}

function addressOf({ url, buffer, mimeType = "image/png" }: VideoReference): string {
  if (url) return url;
  if (!buffer) throw new Error("a reference image needs a url or a buffer");
  return `data:${mimeType};base64,${buffer.toString("base64")}`;
}

function resolutionOf({ resolution }: VideoRequest): string {
  const wanted = resolution?.toUpperCase() ?? "";
  return Object.hasOwn(SIZES, wanted) ? wanted : "720P";
}

function sizeOf(request: VideoRequest): string {
  const exact = /^(\d{2,5})\s*[x*×]\s*(\d{2,5})$/i.exec(request.size?.trim() ?? "");
  if (exact) return `${exact[1]}*${exact[2]}`;
  const sizes = SIZES[resolutionOf(request)] ?? {};
  return sizes[request.aspectRatio ?? "16:9"] ?? (sizes["16:9"] as string);
}

function urlsOf(output: UnknownRecord, taskLabel: string): string[] {
  const results = Array.isArray(output["results"]) ? output["results"] : [];
  const found = [output["video_url"], ...results.map((result) => readPath(result, ["video_url"]))];
  const urls = found.filter((url): url is string => typeof url === "string" && url !== "");
  if (urls.length === 0) throw new Error(`${taskLabel}: the task is done, but names no video`);
  return [...new Set(urls)].slice(0, MAX_VIDEOS);
}
