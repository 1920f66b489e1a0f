import type { ModelDefinition } from "../../contracts/model-stream.ts";
import type { SdkImageRequest } from "../../contracts/sdk-services.ts";
import type { Clock } from "../../kernel/clock.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { callModel } from "../agent/model-call.ts";
import { textOf } from "../agent/transcript-context.ts";
import { detectMime } from "../media/detect-mime.ts";
import type { Models } from "../models/types.ts";

/** Pictures one question may show. */
export const MAX_DESCRIBED_IMAGES = 20;
const FALLBACK_MIME = "image/jpeg";
const DEFAULT_PROMPT = "Describe the image.";

/**
 * Shows pictures to a model of the gateway and gives what it says about them.
 *
 * @throws SluiceError `IMAGES_INVALID` for none or too many, `MODEL_UNKNOWN`, or `LLM_FAILED` with the model's error
 */
export async function describeImages(
  rooms: { models: Models; clock: Clock },
  request: SdkImageRequest,
): Promise<{ text: string; model: string }> {
  const { images } = request;
  if (images.length === 0 || images.length > MAX_DESCRIBED_IMAGES) {
    throw new SluiceError(
      "IMAGES_INVALID",
      `give 1 to ${MAX_DESCRIBED_IMAGES} pictures, not ${images.length}`,
    );
  }
  const resolved = await rooms.models.resolve(`${request.provider}/${request.model}`);
  const model: ModelDefinition = {
    ...resolved.model,
    ...(request.baseUrl === undefined ? {} : { baseUrl: request.baseUrl }),
  };
  const apiKey = request.apiKey ?? resolved.apiKey;
  const limit = new AbortController();
  const timer = rooms.clock.after(request.timeoutMs, () => limit.abort());
  const answer = await callModel({
    model,
    stream: resolved.stream,
    context: {
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: request.prompt?.trim() || DEFAULT_PROMPT },
            ...images.map(({ buffer, mime, fileName }) => ({
              type: "image" as const,
              data: buffer.toString("base64"),
              mimeType:
                mime ?? detectMime(buffer, fileName === undefined ? {} : { fileName }) ?? FALLBACK_MIME,
            })),
          ],
          timestamp: rooms.clock.now(),
        },
      ],
    },
    options: {
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(request.maxTokens === undefined ? {} : { maxTokens: request.maxTokens }),
      ...(request.headers === undefined ? {} : { headers: request.headers }),
      ...(request.onPayload === undefined ? {} : { onPayload: request.onPayload }),
    },
    signal: request.signal ? AbortSignal.any([request.signal, limit.signal]) : limit.signal,
    idleTimeoutMs: resolved.idleTimeoutMs,
    clock: rooms.clock,
    onEvent: () => {},
  });
  await timer.dispose();
  const text = textOf(answer).trim();
  if (answer.stopReason === "error" || answer.stopReason === "aborted" || text === "") {
    const said = answer.errorMessage ?? (limit.signal.aborted ? "it took too long" : "it said nothing");
    throw new SluiceError("LLM_FAILED", `${resolved.ref} did not describe the image: ${said}`, {
      details: { reason: answer.errorCode ?? answer.stopReason },
    });
  }
  return { text, model: resolved.model.id };
}
