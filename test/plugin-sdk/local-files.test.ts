import { mkdir, open, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import {
  isSafeScpRemoteHost,
  isValidInboundPathRootPattern,
} from "../../src/plugin-sdk/channel-config-schema.ts";
import { mergeInboundPathRoots } from "../../src/plugin-sdk/channel-inbound.ts";
import {
  basenameFromMediaSource,
  readFileHandleBounded,
  safeFileURLToPath,
} from "../../src/plugin-sdk/file-access-runtime.ts";
import { normalizeScpRemoteHost } from "../../src/plugin-sdk/host-runtime.ts";
import { isInboundPathAllowed } from "../../src/plugin-sdk/media-runtime.ts";
import {
  openLocalFileSafely,
  pathExistsSync,
  resolveLocalPathFromRootsSync,
} from "../../src/plugin-sdk/security-runtime.ts";
import { sanitizeTempFileName } from "../../src/plugin-sdk/temp-path.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

let folder: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, "media"));
  await writeFile(join(folder, "media", "cat.png"), "meow");
  await writeFile(join(folder, "secret.txt"), "key");
  await symlink(join(folder, "secret.txt"), join(folder, "media", "link.txt"));
  await symlink(join(folder, "nowhere"), join(folder, "media", "dangling"));
});

describe("a local file that a message names", () => {
  it("[F001] is opened when it is a plain file, never through a link", async () => {
    const opened = await openLocalFileSafely({ filePath: join(folder, "media", "cat.png") });
    expect(opened).toMatchObject({ realPath: join(folder, "media", "cat.png"), stat: { size: 4 } });
    expect(String(await readFileHandleBounded(opened.handle, 4))).toBe("meow");
    await expect(readFileHandleBounded(opened.handle, 3)).rejects.toMatchObject({ code: "too-large" });
    await opened.handle.close();
    for (const [name, code] of [
      ["link.txt", "symlink"],
      ["none", "not-found"],
      [".", "not-file"],
    ] as const) {
      await expect(openLocalFileSafely({ filePath: join(folder, "media", name) })).rejects.toMatchObject({
        code,
      });
    }
  });

  it("[F001] is taken from below a root, wherever links lead", () => {
    const roots = [join(folder, "media")];
    const resolveIn = (name: string, more = {}) =>
      resolveLocalPathFromRootsSync({ filePath: join(folder, "media", name), roots, ...more });
    expect(resolveIn("cat.png")).toEqual({ path: join(folder, "media", "cat.png"), root: roots[0] });
    expect(resolveIn("link.txt")).toBeNull();
    expect(resolveIn("../secret.txt")).toBeNull();
    expect(resolveIn("dangling", { allowMissing: true })).toBeNull();
    expect(resolveIn("new/cat.png")).toBeNull();
    expect(resolveIn("new/cat.png", { allowMissing: true })?.path).toBe(
      join(folder, "media", "new", "cat.png"),
    );
    expect(resolveIn("", { requireFile: true })).toBeNull();
    const url = pathToFileURL(join(folder, "media", "cat.png")).href;
    expect(resolveLocalPathFromRootsSync({ filePath: url, roots })?.path).toBe(
      join(folder, "media", "cat.png"),
    );
    expect(() => resolveLocalPathFromRootsSync({ filePath: url, roots: ["media"], label: "roots" })).toThrow(
      "roots: not an absolute path: media",
    );
    expect(pathExistsSync(join(folder, "media"))).toBe(true);
    expect(pathExistsSync(join(folder, "none"))).toBe(false);
  });

  it("is read to its limit even when it grows meanwhile", async () => {
    const handle = await open(join(folder, "media", "cat.png"), "r+");
    const reading = readFileHandleBounded(handle, 4);
    await writeFile(join(folder, "media", "cat.png"), "meow".repeat(1_000));
    await expect(reading.then(() => readFileHandleBounded(handle, 4))).rejects.toMatchObject({
      code: "too-large",
    });
    await handle.close();
  });

  it("comes as a path, a file URL or an address", () => {
    expect(safeFileURLToPath("file:///tmp/a%20b.png")).toBe("/tmp/a b.png");
    expect(safeFileURLToPath("file://localhost/tmp/a.png")).toBe("/tmp/a.png");
    for (const url of [
      "file://host/tmp/a",
      "file:///tmp/%2e%2e%2Fa",
      "file:///a%00",
      "https://a/b",
      "nonsense",
    ]) {
      expect(() => safeFileURLToPath(url), url).toThrow();
    }
    expect(basenameFromMediaSource("/a/b/cat.png")).toBe("cat.png");
    expect(basenameFromMediaSource("C:\\a\\cat.png")).toBe("cat.png");
    expect(basenameFromMediaSource("https://a.invalid/b/a%20cat.png?x=1#y")).toBe("a cat.png");
    expect(basenameFromMediaSource("https://a.invalid/b/a%2Fcat.png")).toBe("a%2Fcat.png");
    expect(basenameFromMediaSource("https://a.invalid/")).toBeUndefined();
    expect(basenameFromMediaSource(" ")).toBeUndefined();
  });

  it("gets a name without folders and surprises", () => {
    expect(sanitizeTempFileName("../a b?.png")).toBe("a-b-.png");
    expect(sanitizeTempFileName("--rm")).toBe("rm");
    expect(sanitizeTempFileName("..")).toBe("download.bin");
  });
});

describe("folders that a platform's attachments come from", () => {
  it("[F001] are absolute paths whose parts may be stars", () => {
    for (const root of ["/Users/*/Library", "C:\\Media", "/a/../b"]) {
      expect(isValidInboundPathRootPattern(root), root).toBe(true);
    }
    for (const root of ["relative", "/", "/a*/b", "", "C:\\"]) {
      expect(isValidInboundPathRootPattern(root), root).toBe(false);
    }
    expect(mergeInboundPathRoots(["/a/", "/b"], undefined, ["/a", "no", "/c/./d"])).toEqual([
      "/a",
      "/b",
      "/c/d",
    ]);
  });

  it("[F001] hold what lies below them", () => {
    const roots = ["/Users/*/Library"];
    expect(isInboundPathAllowed({ filePath: "/Users/ann/Library/x/a.jpg", roots })).toBe(true);
    expect(isInboundPathAllowed({ filePath: "/Users/ann/Library/../secret", roots })).toBe(false);
    expect(isInboundPathAllowed({ filePath: "Users/ann/Library/a", roots })).toBe(false);
    expect(isInboundPathAllowed({ filePath: "/x/a", roots: [], fallbackRoots: ["/x"] })).toBe(true);
    expect(isInboundPathAllowed({ filePath: "/x/a" })).toBe(false);
  });

  it("[F001] may be on a host that ssh cannot take for an option", () => {
    for (const host of ["mac", "ann@mac.local", "ann@[fe80::1%25en0]"]) {
      expect(normalizeScpRemoteHost(` ${host} `)).toBe(host);
    }
    for (const host of ["-oProxyCommand=x", "ann@-x", "-x@mac", "a b", "mac:/etc", "", null]) {
      expect(isSafeScpRemoteHost(host), String(host)).toBe(false);
    }
  });
});
