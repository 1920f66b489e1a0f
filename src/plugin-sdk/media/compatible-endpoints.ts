import { encodedForm } from "../../runtime/egress/index.ts";
import { extensionForMime } from "../../runtime/media/index.ts";
import { assertOkOrThrowHttpError, readProviderJsonObjectResponse } from "../net/responses.ts";
import { buildTimeoutAbortSignal } from "../values/async.ts";
import { isRecord, readPath } from "../values/records.ts";
import { detectMime } from "./mime.ts";
import {
  DEFAULT_UNDERSTANDING_TIMEOUT_MS,
  openRequest,
  requireFile,
  resolveEndpoint,
  resolveMediaUnderstandingString,
  type UnderstandingRequest,
} from "./understanding-request.ts";

/** Largest transcript or description that is read. */
export const MAX_UNDERSTANDING_ANSWER_BYTES = 4_194_304;
const DEFAULT_VIDEO_PROMPT = "Describe the video.";

type CompatibleRequest = UnderstandingRequest & {
  defaultBaseUrl?: string;
  defaultModel?: string;
};

/**
 * Transcribes sound at `POST {baseUrl}/audio/transcriptions`: the multipart form that OpenAI and many others
 * take. The address and key are those of the request, else the ones the gateway has for `provider`.
 *
 * @throws when the request has no bytes, no address or no model, and with what the server answers
 */
export async function transcribeOpenAiCompatibleAudio(
  request: CompatibleRequest,
): Promise<{ text: string; model: string }> {
  const what = "transcribeOpenAiCompatibleAudio";
  const opened = openRequest(request);
  const { buffer, mime, fileName } = requireFile(opened, what);
  const model = modelOf(opened, what);
  const type = mime ?? (await detectMime({ buffer, ...(fileName ? { filePath: fileName } : {}) }));
  const form = new FormData();
  const named = fileName ?? `audio${extensionForMime(type) ?? ""}`;
  form.append("file", new Blob([new Uint8Array(buffer)], type ? { type } : {}), named);
  form.append("model", model);
  if (opened.language?.trim()) form.append("language", opened.language.trim());
  if (opened.prompt?.trim()) form.append("prompt", opened.prompt.trim());
  const answer = await post(opened, "audio/transcriptions", { body: form }, "audio transcription");
  const text = typeof answer["text"] === "string" ? answer["text"].trim() : "";
  if (text === "") throw new Error("audio transcription: the answer holds no text");
  return { text, model };
}

/** The body of a chat completion that shows a video as a data URL. */
export function buildOpenAiCompatibleVideoRequestBody(params: {
  model: string;
  prompt: string;
  mime?: string;
  buffer: Uint8Array;
}): Record<string, unknown> {
  const data = Buffer.from(params.buffer).toString("base64");
  return {
    model: params.model,
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: params.prompt },
          { type: "video_url", video_url: { url: `data:${params.mime ?? "video/mp4"};base64,${data}` } },
        ],
      },
    ],
  };
}

/** What a chat completion says, in one text; `undefined` when it says nothing. */
export function coerceOpenAiCompatibleVideoText(payload: unknown): string | undefined {
  const choices = readPath(payload, ["choices"]);
  const message = readPath(Array.isArray(choices) ? choices[0] : undefined, ["message"]);
  if (!isRecord(message)) return undefined;
  const { content } = message;
  const parts = Array.isArray(content) ? content.map((part) => readPath(part, ["text"])) : [content];
  const said = parts
    .filter((part) => typeof part === "string")
    .join("\n")
    .trim();
  return said || resolveMediaUnderstandingString(message["reasoning_content"], "") || undefined;
}

/** Describes a video at `POST {baseUrl}/chat/completions`, for servers that take `video_url` parts. */
export async function describeOpenAiCompatibleVideo(
  request: CompatibleRequest & { defaultPrompt?: string; providerLabel?: string },
): Promise<{ text: string; model: string }> {
  const what = "describeOpenAiCompatibleVideo";
  const opened = openRequest(request) as typeof request;
  const { buffer, mime } = requireFile(opened, what);
  const model = modelOf(opened, what);
  const fallback = resolveMediaUnderstandingString(opened.defaultPrompt, DEFAULT_VIDEO_PROMPT);
  const prompt = resolveMediaUnderstandingString(opened.prompt, fallback);
  const body = buildOpenAiCompatibleVideoRequestBody({ model, prompt, buffer, ...(mime ? { mime } : {}) });
  const label = `${opened.providerLabel ?? opened.provider ?? "compatible"} video description`;
  const json = { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const text = coerceOpenAiCompatibleVideoText(await post(opened, "chat/completions", json, label));
  if (!text) throw new Error(`${label}: the answer holds no text`);
  return { text, model };
}

function modelOf(request: CompatibleRequest, what: string): string {
  const model = resolveMediaUnderstandingString(request.model, request.defaultModel?.trim() ?? "");
  if (model === "") throw new Error(`${what} needs a model`);
  return model;
}

async function post(
  request: UnderstandingRequest,
  path: string,
  init: { body: FormData | string; headers?: Record<string, string> },
  label: string,
): Promise<Record<string, unknown>> {
  const { baseUrl, headers: own, query } = await resolveEndpoint(request, label);
  const headers = { accept: "application/json", ...init.headers, ...own };
  const search = query.size > 0 ? `?${query}` : "";
  const limit = buildTimeoutAbortSignal({
    timeoutMs: request.timeoutMs ?? DEFAULT_UNDERSTANDING_TIMEOUT_MS,
    operation: label,
    ...(request.signal ? { signal: request.signal } : {}),
  });
  try {
    const encoded = await encodedForm({
      method: "POST",
      body: init.body,
      headers,
      // The operator trusts this address, not whatever it points to.
      redirect: "manual",
      ...(limit.signal ? { signal: limit.signal } : {}),
    });
    const response = await (request.fetchFn ?? fetch)(`${baseUrl}/${path}${search}`, encoded);
    await assertOkOrThrowHttpError(response, label, { requestHeaders: headers });
    return await readProviderJsonObjectResponse(response, label, {
      maxBytes: MAX_UNDERSTANDING_ANSWER_BYTES,
    });
  } finally {
    limit.cleanup();
  }
}
