import type { ChannelMedia } from "../../contracts/media-files.ts";
import { saveMediaBuffer } from "../../runtime/media/index.ts";

/** What fetches, and with it the egress guard, is loaded by the first file that is fetched. */
const remote = () => import("../../runtime/media/remote-media.ts");

/** `api.runtime.channel.media` (spec 1.19): files that platforms send, kept in this gateway's state folder. */
export function createMediaNamespace(stateDir: string): ChannelMedia {
  const readRemoteMediaBuffer: ChannelMedia["readRemoteMediaBuffer"] = async (options) =>
    (await remote()).readRemoteMediaBuffer(options);
  return {
    saveMediaBuffer: (buffer, contentType, subdir, maxBytes, originalFilename) =>
      saveMediaBuffer(stateDir, buffer, contentType, subdir, maxBytes, originalFilename),
    readRemoteMediaBuffer,
    fetchRemoteMedia: readRemoteMediaBuffer,
    saveRemoteMedia: async (options) => (await remote()).saveRemoteMedia(stateDir, options),
    saveResponseMedia: async (response, options) =>
      (await remote()).saveResponseMedia(stateDir, response, options),
  };
}
