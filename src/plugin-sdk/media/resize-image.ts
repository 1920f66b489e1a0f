import { readFile } from "node:fs/promises";
import { getImageMetadata } from "../../runtime/media/index.ts";
import { resolvePreferredTempDir } from "../values/temp-path.ts";
import { withTempWorkspace } from "../values/temp-workspace.ts";
import { runFfmpeg } from "./programs.ts";

const TIMEOUT_MS = 15_000;
/** Pixels a side of the result may have. */
export const MAX_RESIZED_SIDE = 16_384;
const DEFAULT_QUALITY = 85;
/** ffmpeg's worst JPEG; its best is 2. */
const WORST = 31;

/** First bytes of the kinds of pictures that are taken, with ffmpeg's name: it never guesses what a file is. */
const KINDS: readonly (readonly [format: string, matches: (bytes: Buffer) => boolean])[] = [
  ["jpeg_pipe", (bytes) => bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))],
  ["png_pipe", (bytes) => bytes.subarray(1, 4).toString("latin1") === "PNG"],
  ["gif", (bytes) => bytes.subarray(0, 4).toString("latin1") === "GIF8"],
  ["webp_pipe", (bytes) => /^RIFF[\s\S]{4}WEBP/.test(bytes.subarray(0, 12).toString("latin1"))],
  ["bmp_pipe", (bytes) => bytes.subarray(0, 2).toString("latin1") === "BM"],
];

/**
 * A picture as JPEG whose longer side is at most `maxSide`.
 *
 * @throws for anything but JPEG, PNG, GIF, WebP and BMP, and where ffmpeg is not installed or cannot read it
 */
export async function resizeToJpeg(params: {
  buffer: Buffer;
  /** Pixels, 1 to 16,384. */
  maxSide: number;
  /** 1 to 100; default 85. */
  quality?: number;
  /** Default true: a smaller picture keeps its size. */
  withoutEnlargement?: boolean;
}): Promise<Buffer> {
  const { buffer, maxSide, quality = DEFAULT_QUALITY, withoutEnlargement = true } = params;
  if (!Number.isInteger(maxSide) || maxSide < 1 || maxSide > MAX_RESIZED_SIDE) {
    throw new RangeError(`maxSide has to be a whole number from 1 to ${MAX_RESIZED_SIDE}`);
  }
  const format = KINDS.find(([, matches]) => matches(buffer))?.[0];
  const size = format ? await getImageMetadata(buffer) : null;
  if (!format || !size) throw new Error("the picture is of no kind that can be resized");
  const wanted = maxSide / Math.max(size.width, size.height);
  const scale = withoutEnlargement ? Math.min(1, wanted) : wanted;
  const side = (pixels: number) => Math.max(1, Math.round(pixels * scale));
  const grade = Math.round(WORST - (Math.min(100, Math.max(1, quality)) / 100) * (WORST - 2));
  const folder = { rootDir: resolvePreferredTempDir(), prefix: "image-" };
  return withTempWorkspace(folder, async (workspace) => {
    const input = await workspace.write("input.image", buffer);
    const output = workspace.path("resized.jpg");
    await runFfmpeg(
      [
        ...["-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-protocol_whitelist", "file"],
        ...["-f", format, "-i", input, "-frames:v", "1"],
        ...["-vf", `scale=${side(size.width)}:${side(size.height)}`, "-q:v", String(grade)],
        ...["-f", "mjpeg", output],
      ],
      { timeoutMs: TIMEOUT_MS },
    );
    return readFile(output);
  });
}
