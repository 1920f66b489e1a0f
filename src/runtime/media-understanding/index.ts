import { extract } from "./extract.ts";
import { kindOf } from "./source-file.ts";
import type {
  MediaCapability,
  MediaUnderstandingRooms,
  PluginRuntimeMediaUnderstanding,
  UnderstandFileParams,
} from "./types.ts";
import { nothing, understand } from "./understand.ts";

/** The host chooses who looks at a file, and never sends one it was told to keep (spec 2.10, 4.8). */
export function mediaUnderstandingNamespace(rooms: MediaUnderstandingRooms): PluginRuntimeMediaUnderstanding {
  const run = (capability: MediaCapability) => (params: UnderstandFileParams) =>
    understand(rooms, capability, params);
  return {
    describeImageFile: run("image"),
    transcribeAudioFile: run("audio"),
    describeVideoFile: run("video"),
    async runFile({ capability, ...params }) {
      const kind = capability ?? (await kindOf(params));
      if (kind) return understand(rooms, kind, params);
      return nothing(undefined, "no provider takes files of this kind", []);
    },
    extractStructuredWithModel: (params) => extract(rooms, params),
  };
}
export { describeImages } from "./describe-images.ts";
