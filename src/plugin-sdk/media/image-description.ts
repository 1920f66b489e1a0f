import { requireServices } from "../ambient/host.ts";
import {
  DEFAULT_UNDERSTANDING_TIMEOUT_MS,
  imagesOf,
  openRequest,
  type UnderstandingFile,
  type UnderstandingRequest,
} from "./understanding-request.ts";

/** Changes the body of the model request, in place or by returning another one. */
type PayloadTransform = (payload: Record<string, unknown>, model: unknown) => unknown;

/**
 * Shows a picture to a model of the running gateway, with that model's own key, address and wire format.
 *
 * @example
 * describeImage: (req) => describeImageWithModel({ provider: "exampleai", model: req.model, input: req.input })
 * @throws when the request has no picture, the model is unknown, or it fails
 */
export function describeImageWithModel(
  request: UnderstandingRequest,
): Promise<{ text: string; model: string }> {
  return describe("describeImageWithModel", request);
}

/** The same for several pictures at once, in `images`. */
export function describeImagesWithModel(
  request: UnderstandingRequest & { images: readonly UnderstandingFile[] },
): Promise<{ text: string; model: string }> {
  return describe("describeImagesWithModel", request);
}

export function describeImageWithModelPayloadTransform(
  request: UnderstandingRequest,
  transform: PayloadTransform,
): Promise<{ text: string; model: string }> {
  return describe("describeImageWithModelPayloadTransform", request, transform);
}

export function describeImagesWithModelPayloadTransform(
  request: UnderstandingRequest & { images: readonly UnderstandingFile[] },
  transform: PayloadTransform,
): Promise<{ text: string; model: string }> {
  return describe("describeImagesWithModelPayloadTransform", request, transform);
}

async function describe(
  what: string,
  request: UnderstandingRequest,
  transform?: PayloadTransform,
): Promise<{ text: string; model: string }> {
  const images = imagesOf(request, what);
  const { provider, model, prompt, maxTokens, timeoutMs, signal, baseUrl, headers, auth, ...rest } =
    openRequest(request);
  if (!provider || !model) throw new Error(`${what} needs provider and model`);
  const apiKey = auth?.apiKey ?? rest.apiKey;
  return requireServices(what).models.describeImages({
    provider,
    model,
    images,
    timeoutMs: timeoutMs ?? DEFAULT_UNDERSTANDING_TIMEOUT_MS,
    ...(prompt === undefined ? {} : { prompt }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(signal === undefined ? {} : { signal }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(headers === undefined ? {} : { headers }),
    ...(transform === undefined
      ? {}
      : { onPayload: (payload, definition) => transform(payload as Record<string, unknown>, definition) }),
  });
}
