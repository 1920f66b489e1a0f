import { open } from "node:fs/promises";
import { extname, join } from "node:path";

export interface PageFile {
  body: Buffer;
  contentType: string;
  /** Its name changes with its content. */
  immutable: boolean;
}

/** Larger files do not belong to the page; reading one would be a mistake. */
export const MAX_PAGE_FILE_BYTES = 4 * 1024 * 1024;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/** One plain file name: no separators, no leading dot, a known ending. Nothing else can reach the disk. */
const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/**
 * Reads a file of the built page.
 *
 * @param folder absolute path of the page
 * @param path `/`, or `/webchat/<name>`; anything else is unknown
 * @returns `undefined` for a file the page does not have
 */
export async function readPageFile(folder: string, path: string): Promise<PageFile | undefined> {
  if (path === "/") return read(join(folder, "index.html"), false);
  const name = path.startsWith("/webchat/") ? path.slice("/webchat/".length) : "";
  if (!PLAIN_NAME.test(name) || name.includes("..")) return undefined;
  return read(join(folder, "webchat", name), true);
}

async function read(file: string, immutable: boolean): Promise<PageFile | undefined> {
  const contentType = CONTENT_TYPES[extname(file)];
  if (contentType === undefined) return undefined;
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.size > MAX_PAGE_FILE_BYTES) return undefined;
    return { body: await handle.readFile(), contentType, immutable };
  } finally {
    await handle.close();
  }
}
