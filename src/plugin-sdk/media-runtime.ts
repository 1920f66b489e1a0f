export { resolveChannelMediaMaxBytes } from "./accounts/account-config.ts";
export { mediaKindOf as kindFromMime, mediaKindOf as mediaKindFromMime } from "./inbound/media.ts";
export { buildOutboundMediaLoadOptions } from "./media/load-options.ts";
export { extensionForMime, getFileExtension } from "./media/mime.ts";
export { getAgentScopedMediaLocalRoots } from "./media/outbound-media.ts";
export { runFfmpeg, runFfprobe } from "./media/programs.ts";
export {
  canonicalizeBase64,
  estimateBase64DecodedBytes,
  MediaFetchError,
  parseMediaContentLength,
} from "./media/values.ts";
export { readResponseWithLimit } from "./net/responses.ts";
export { normalizePollInput, type PollInput } from "./values/polls.ts";
