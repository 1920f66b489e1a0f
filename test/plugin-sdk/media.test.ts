import { chmod, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { inflateSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  extractOriginalFilename,
  getMediaDir,
  MEDIA_FFMPEG_MAX_AUDIO_DURATION_SECS,
  MediaFetchError,
  maxBytesForKind,
  normalizePollDurationHours,
  parseFfprobeCodecAndSampleRate,
  readRemoteMediaBuffer,
  renderQrPngBase64,
  renderQrPngDataUrl,
  renderQrTerminal,
  resolveFfmpegBin,
  resolveOutboundAttachmentFromUrl,
  saveRemoteMedia,
  saveResponseMedia,
  transcodeAudioBufferToOpus,
  unlinkIfExists,
} from "../../src/plugin-sdk/media-runtime.ts";
import { saveMediaBuffer, saveMediaStream } from "../../src/plugin-sdk/media-store.ts";
import { tempWorkspace, withTempDownloadPath, withTempWorkspace } from "../../src/plugin-sdk/temp-path.ts";
import { getDefaultLocalRoots, LocalMediaAccessError, loadWebMedia } from "../../src/plugin-sdk/web-media.ts";
import { loopbackServer } from "../support/loopback-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
const local = { ssrfPolicy: { allowPrivateNetwork: true } };
const cleanups: (() => Promise<unknown> | unknown)[] = [];
let state: string;

beforeEach(async () => {
  state = await temporaryFolder("media");
  const before = process.env["SLUICE_STATE_DIR"];
  process.env["SLUICE_STATE_DIR"] = state;
  cleanups.push(() => {
    if (before === undefined) delete process.env["SLUICE_STATE_DIR"];
    else process.env["SLUICE_STATE_DIR"] = before;
  });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe("the media store", () => {
  it("keeps files for this user alone, typed by their bytes", async () => {
    const saved = await saveMediaBuffer(PNG, "text/plain", "inbound", 100, "../../etc/p ä.png");
    expect(saved).toMatchObject({ size: PNG.length, contentType: "image/png" });
    expect(saved.path.startsWith(join(getMediaDir(), "inbound", ""))).toBe(true);
    expect((await stat(saved.path)).mode & 0o777).toBe(0o600);
    expect(extractOriginalFilename(saved.path)).not.toContain("/");
    expect(extractOriginalFilename("/tmp/report.pdf")).toBe("report.pdf");
    await unlinkIfExists(saved.path);
    await unlinkIfExists(saved.path);
    await unlinkIfExists(null);
    await expect(stat(saved.path)).rejects.toThrow();
  });

  it("takes a stream up to the limit and stops reading behind it", async () => {
    let sent = 0;
    async function* pieces(count: number) {
      for (let index = 0; index < count; index++) {
        sent += 1;
        yield Buffer.alloc(10, "a");
      }
    }
    expect(await saveMediaStream(pieces(2), "text/plain", "inbound", 20, "a.txt")).toMatchObject({
      size: 20,
    });
    sent = 0;
    const error = await saveMediaStream(pieces(9), "text/plain", "inbound", 19).catch((cause) => cause);
    expect(error).toBeInstanceOf(MediaFetchError);
    expect(error.code).toBe("max_bytes");
    expect(sent).toBe(2);
  });
});

describe("files at addresses", () => {
  it("are fetched with their name and type, and kept", async () => {
    const base = await loopbackServer((request, response) => {
      if (request.url === "/go") return response.writeHead(302, { location: "/photo%20one.png?x=1" }).end();
      if (request.url === "/named") {
        response.setHeader(
          "content-disposition",
          "attachment; filename=\"a.bin\"; filename*=UTF-8''..%2Fr%C3%A9s.png",
        );
      }
      response.setHeader("content-type", "application/octet-stream");
      return response.end(PNG);
    });
    expect(await readRemoteMediaBuffer({ url: `${base}/go`, ...local })).toEqual({
      buffer: PNG,
      contentType: "image/png",
      fileName: "photo one.png",
    });
    const saved = await saveRemoteMedia({ url: `${base}/named`, ...local });
    expect(saved).toMatchObject({ fileName: "rés.png", contentType: "image/png", size: PNG.length });
    expect(await readFile(saved.path)).toEqual(PNG);
    const hinted = await saveRemoteMedia({ url: `${base}/raw`, filePathHint: "avatar.png", ...local });
    expect(hinted.fileName).toBe("avatar.png");
  });

  it("may have been fetched already", async () => {
    const saved = await saveResponseMedia(new Response(PNG), {
      maxBytes: PNG.length,
      originalFilename: "x.png",
    });
    expect(saved).toMatchObject({ fileName: "x.png", contentType: "image/png" });
    await expect(saveResponseMedia(new Response(PNG), { maxBytes: 3 })).rejects.toMatchObject({
      code: "max_bytes",
    });
  });
});

describe("local attachments", () => {
  it("come from the allowed folders only, links followed", async () => {
    const inside = join(state, "inside");
    await mkdir(inside);
    await writeFile(join(state, "secret.txt"), "secret");
    await writeFile(join(inside, "note.txt"), "note");
    await symlink(join(state, "secret.txt"), join(inside, "link.txt"));
    const localRoots = [inside];
    const load = (path: string) => loadWebMedia(path, { localRoots }).catch((cause) => cause);
    expect(await load(join(inside, "note.txt"))).toMatchObject({ fileName: "note.txt" });
    expect(await load(join(inside, "link.txt"))).toBeInstanceOf(LocalMediaAccessError);
    expect(await load(join(inside, "link.txt"))).toMatchObject({ code: "path-not-allowed" });
    expect(await load(join(inside, "gone.txt"))).toMatchObject({ code: "not-found" });
    expect(await load(inside)).toMatchObject({ code: "not-a-file" });
    expect(getDefaultLocalRoots()).toContain(getMediaDir());
    const attachment = await resolveOutboundAttachmentFromUrl(join(inside, "note.txt"), 4, { localRoots });
    expect(attachment).toMatchObject({ contentType: "text/plain" });
    expect(String(await readFile(attachment.path))).toBe("note");
    await expect(
      resolveOutboundAttachmentFromUrl(join(inside, "note.txt"), 3, { localRoots }),
    ).rejects.toThrow("limit");
  });
});

describe("temporary folders", () => {
  it("are this user's alone and go with the work", async () => {
    let seen = "";
    await withTempWorkspace({ rootDir: state, prefix: "a/../b" }, async (workspace) => {
      seen = await workspace.write("input.bin", PNG);
      expect((await stat(workspace.dir)).mode & 0o777).toBe(0o700);
      expect((await stat(seen)).mode & 0o777).toBe(0o600);
      expect(await workspace.read("input.bin")).toEqual(PNG);
      for (const name of ["../x", "a/b", "", ".", "..", "a\0b"]) {
        await expect((async () => workspace.write(name, "x"))()).rejects.toThrow(RangeError);
      }
      await expect(workspace.write("input.bin", "again")).rejects.toThrow("EEXIST");
    });
    await expect(stat(seen)).rejects.toThrow("ENOENT");
    await expect(
      withTempWorkspace({ rootDir: state }, async ({ dir }) => {
        seen = dir;
        throw new Error("failed");
      }),
    ).rejects.toThrow("failed");
    await expect(stat(seen)).rejects.toThrow("ENOENT");
  });

  it("can be kept for a while, or hold one download", async () => {
    const workspace = await tempWorkspace({ rootDir: state, prefix: "voice-" });
    await workspace.writeJson("facts.json", { a: 1 });
    await workspace.cleanup();
    await expect(stat(workspace.dir)).rejects.toThrow("ENOENT");
    const path = await withTempDownloadPath(
      { prefix: "get", fileName: "../../x.zip", tmpDir: state },
      async (at) => {
        await writeFile(at, "x");
        return at;
      },
    );
    expect(path.endsWith("/x.zip")).toBe(true);
    expect(path.startsWith(state)).toBe(true);
    await expect(stat(path)).rejects.toThrow("ENOENT");
  });
});

describe("audio", () => {
  it("is converted by ffmpeg with bounded length", async () => {
    const folder = join(state, "bin");
    await mkdir(folder);
    const before = process.env["PATH"];
    cleanups.push(() => {
      process.env["PATH"] = before;
    });
    expect(() => resolveFfmpegBin({ PATH: folder })).toThrow("install it");
    const program = '#!/bin/sh\nfor last; do :; done\nprintf "%s " "$@" > "$last"\n';
    await writeFile(join(folder, "ffmpeg"), program);
    await chmod(join(folder, "ffmpeg"), 0o755);
    expect(resolveFfmpegBin({ PATH: `/nowhere${delimiter}${folder}` })).toBe(join(folder, "ffmpeg"));
    process.env["PATH"] = `${folder}${delimiter}${before}`;
    const given = { audioBuffer: PNG, inputFileName: "a.mp3", outputFileName: "voice.ogg", bitrate: "32k" };
    const asked = String(await transcodeAudioBufferToOpus(given));
    expect(asked).toContain(`-t ${MEDIA_FFMPEG_MAX_AUDIO_DURATION_SECS} `);
    expect(asked).toContain("-c:a libopus -b:a 32k");
    expect(asked).toMatch(/-i \S+\/input\.mp3 /);
  });

  it("is described by ffprobe's line", () => {
    expect(parseFfprobeCodecAndSampleRate("OPUS,48000\n")).toEqual({ codec: "opus", sampleRateHz: 48_000 });
    expect(parseFfprobeCodecAndSampleRate("")).toEqual({ codec: null, sampleRateHz: null });
    expect(parseFfprobeCodecAndSampleRate("mp3,N/A")).toEqual({ codec: "mp3", sampleRateHz: null });
  });
});

describe("QR codes", () => {
  it("are PNG images with one square per module and a quiet zone", async () => {
    const png = Buffer.from(await renderQrPngBase64("sluice", { scale: 2, marginModules: 1 }), "base64");
    const width = png.readUInt32BE(16);
    expect(width).toBe((21 + 2) * 2);
    const length = png.readUInt32BE(33);
    const image = inflateSync(png.subarray(41, 41 + length));
    const stride = Math.ceil(width / 8) + 1;
    const light = (x: number, y: number) =>
      ((image[y * stride + 1 + (x >> 3)] as number) >> (7 - (x & 7))) & 1;
    const finder = (y: number) => Array.from({ length: 9 }, (_, x) => light(x * 2, y * 2)).join("");
    expect([finder(0), finder(1), finder(2), finder(3)]).toEqual([
      "111111111",
      "100000001",
      "101111101",
      "101000101",
    ]);
    expect(await renderQrPngDataUrl("sluice")).toMatch(/^data:image\/png;base64,iVBOR/);
    await expect(renderQrPngBase64("x", { scale: 13 })).rejects.toThrow("scale must be between 1 and 12");
    await expect(renderQrPngBase64("x", { marginModules: Number.NaN })).rejects.toThrow(RangeError);
    await expect(renderQrPngBase64("")).rejects.toThrow();
  });

  it("are text for a terminal, in half the lines when small", async () => {
    const full = (await renderQrTerminal("sluice")).trimEnd().split("\n");
    const small = (await renderQrTerminal("sluice", { small: true })).trimEnd().split("\n");
    expect(full).toHaveLength(25);
    expect(small).toHaveLength(13);
    expect(small[0]).toBe("█".repeat(25));
    expect(small[1]?.slice(2, 9)).toBe(" ▄▄▄▄▄ ");
  });
});

describe("limits", () => {
  it("depend on the kind", () => {
    expect(["image", "audio", "video", "document", "other"].map(maxBytesForKind)).toEqual(
      [6, 16, 16, 100, 100].map((mebibytes) => mebibytes * 1_048_576),
    );
    const limits = { defaultHours: 24, maxHours: 768 };
    expect([undefined, 0, 1.9, 1_000].map((hours) => normalizePollDurationHours(hours, limits))).toEqual([
      24, 1, 1, 768,
    ]);
  });
});
