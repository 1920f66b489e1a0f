import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { AgentToolResult } from "../../contracts/tool.ts";
import { detectMime } from "../media/mime.ts";

/** An attachment that a message action names must be a file or an address, no content of its own. */
export function assertMediaNotDataUrl(media: string): void {
  if (/^data:/i.test(media.trim())) {
    throw new Error(
      "data: addresses are not supported for media; give a file path or an http(s) address instead",
    );
  }
}

/** Largest image that is shown to a model. */
export const MAX_TOOL_IMAGE_BYTES = 5_242_880;

/** An image file as a tool's result; where it lies is in `details`. */
export async function imageResultFromFile(params: {
  label: string;
  path: string;
  extraText?: string;
  details?: Record<string, unknown>;
  [extra: string]: unknown;
}): Promise<AgentToolResult> {
  const buffer = await readFile(params.path);
  const mimeType = (await detectMime({ buffer, filePath: params.path })) ?? "application/octet-stream";
  if (!mimeType.startsWith("image/")) throw new Error(`${basename(params.path)} is no image (${mimeType})`);
  if (buffer.length > MAX_TOOL_IMAGE_BYTES) {
    throw new Error(
      `${basename(params.path)} has ${buffer.length} bytes; at most ${MAX_TOOL_IMAGE_BYTES} are shown`,
    );
  }
  return {
    content: [
      { type: "text", text: params.extraText ?? `MEDIA:${params.path}` },
      { type: "image", data: buffer.toString("base64"), mimeType },
    ],
    details: { path: params.path, ...params.details },
  };
}
