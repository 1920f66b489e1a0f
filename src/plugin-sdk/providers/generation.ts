import { requireHost } from "../ambient/host.ts";

type Namespace = "imageGeneration" | "videoGeneration";

/** The same as `api.runtime.imageGeneration.generate`. */
export const generateImage = generateBy("imageGeneration", "generateImage");
export const listRuntimeImageGenerationProviders = listBy(
  "imageGeneration",
  "listRuntimeImageGenerationProviders",
);
/** The same as `api.runtime.videoGeneration.generate`. */
export const generateVideo = generateBy("videoGeneration", "generateVideo");
export const listRuntimeVideoGenerationProviders = listBy(
  "videoGeneration",
  "listRuntimeVideoGenerationProviders",
);

function generateBy(namespace: Namespace, name: string) {
  return async (params: object): Promise<Record<string, unknown>> =>
    requireHost(name).runtime[namespace]["generate"]?.(params);
}

function listBy(namespace: Namespace, name: string) {
  return (params: { config?: object; cfg?: object } = {}): readonly { id: string }[] =>
    requireHost(name).runtime[namespace]["listProviders"]?.(params) ?? [];
}
