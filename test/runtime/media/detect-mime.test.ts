import { expect, it } from "vitest";
import { detectMime } from "../../../src/runtime/media/detect-mime.ts";

const bytes = (hex: string) => Buffer.from(hex, "hex");
const ZIP = bytes("504b0304");
const MP4 = Buffer.from("\0\0\0\u0018ftypisom", "latin1");
const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

it("a container is what its name or its sender says, if that can lie in it", () => {
  expect(detectMime(ZIP, { fileName: "a.docx" })).toBe(DOCX);
  expect(detectMime(ZIP, { fileName: "a", headerMime: DOCX })).toBe(DOCX);
  expect(detectMime(ZIP, { fileName: "a.png", headerMime: "image/png" })).toBe("application/zip");
  expect(detectMime(MP4, { fileName: "voice.m4a" })).toBe("audio/mp4");
  expect(detectMime(MP4, { headerMime: "audio/x-m4a" })).toBe("audio/mp4");
  expect(detectMime(MP4, { fileName: "film.txt" })).toBe("video/mp4");
});

it("a header comes before a name unless the caller knows better; a type that fits everything never does", () => {
  const hints = { headerMime: "text/html; charset=utf-8", fileName: "a.csv" };
  expect(detectMime(undefined, hints)).toBe("text/html");
  expect(detectMime(undefined, { ...hints, nameFirst: true })).toBe("text/csv");
  const stated = ["application/octet-stream", null, "audio/mp3"];
  expect(detectMime(undefined, { headerMime: stated })).toBe("audio/mpeg");
  expect(detectMime(undefined, { fileName: "https://a.test/b.OPUS?c=d" })).toBe("audio/ogg");
  expect(
    detectMime(undefined, { fileName: "a.constructor", headerMime: "binary/octet-stream" }),
  ).toBeUndefined();
});
