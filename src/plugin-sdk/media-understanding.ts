export {
  buildOpenAiCompatibleVideoRequestBody,
  coerceOpenAiCompatibleVideoText,
  describeOpenAiCompatibleVideo,
  transcribeOpenAiCompatibleAudio,
} from "./media/compatible-endpoints.ts";
export {
  describeImagesWithModel,
  describeImagesWithModelPayloadTransform,
  describeImageWithModel,
  describeImageWithModelPayloadTransform,
} from "./media/image-description.ts";
export { resolveMediaUnderstandingString, type UnderstandingRequest } from "./media/understanding-request.ts";
