import { chmod, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { MAX_RESIZED_SIDE } from "../../src/plugin-sdk/media/resize-image.ts";
import { resizeToJpeg } from "../../src/plugin-sdk/media-runtime.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PATH = process.env["PATH"];

afterEach(() => {
  process.env["PATH"] = PATH;
});

/** The head of a PNG of that size. */
function png(width: number, height: number): Buffer {
  const bytes = Buffer.from(
    "89504e470d0a1a0a0000000d49484452000000000000000008060000000000000000000000",
    "hex",
  );
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
}

/** A program in the place of ffmpeg, which notes its arguments and writes the last. */
async function withProgram(): Promise<() => Promise<string>> {
  const folder = await temporaryFolder();
  const noted = join(folder, "arguments");
  const script = `#!/bin/sh\nprintf '%s ' "$@" > '${noted}'\nfor last; do :; done\nprintf jpeg > "$last"\n`;
  await writeFile(join(folder, "ffmpeg"), script);
  await chmod(join(folder, "ffmpeg"), 0o755);
  process.env["PATH"] = `${folder}${delimiter}${PATH}`;
  return () => readFile(noted, "utf8");
}

describe("a picture made smaller", () => {
  it("[F001] is a JPEG of at most the side asked for, read as what it is and from nowhere else", async () => {
    const args = await withProgram();
    expect(String(await resizeToJpeg({ buffer: png(400, 100), maxSide: 32, quality: 50 }))).toBe("jpeg");
    expect(await args()).toMatch(/-protocol_whitelist file -f png_pipe -i \S+ .*-vf scale=32:8 -q:v 17 /);
    await resizeToJpeg({ buffer: png(10, 20), maxSide: 32 });
    expect(await args()).toContain("scale=10:20");
    await resizeToJpeg({ buffer: png(10, 20), maxSide: 40, withoutEnlargement: false, quality: 100 });
    expect(await args()).toMatch(/scale=20:40 -q:v 2 /);
    await resizeToJpeg({ buffer: png(4_000, 1), maxSide: MAX_RESIZED_SIDE });
    expect(await args()).toContain("scale=4000:1");
  });

  it("is none of anything else, and none without the program", async () => {
    await withProgram();
    await expect(resizeToJpeg({ buffer: Buffer.from("#EXTM3U"), maxSide: 32 })).rejects.toThrow("of no kind");
    await expect(resizeToJpeg({ buffer: png(0, 0), maxSide: 32 })).rejects.toThrow("of no kind");
    for (const maxSide of [0, 1.5, MAX_RESIZED_SIDE + 1]) {
      await expect(resizeToJpeg({ buffer: png(4, 4), maxSide })).rejects.toThrow("maxSide");
    }
    process.env["PATH"] = await temporaryFolder();
    await expect(resizeToJpeg({ buffer: png(4, 4), maxSide: 32 })).rejects.toThrow("ffmpeg is not installed");
  });
});
