/** The files of a reply that a plugin gives, as an optional field; whatever is not an address is left out. */
export function mediaUrlsOf(reply: { mediaUrl?: unknown; mediaUrls?: unknown } | undefined): {
  mediaUrls?: string[];
} {
  const given = Array.isArray(reply?.mediaUrls) ? reply.mediaUrls : [reply?.mediaUrl];
  const mediaUrls = given.filter((url): url is string => typeof url === "string" && url.trim() !== "");
  return mediaUrls.length > 0 ? { mediaUrls } : {};
}
