import { detectMime as detect } from "../../runtime/media/index.ts";

/** From the first bytes, else the name, else what a server said; what a container holds is asked of both. */
export async function detectMime(options: {
  buffer?: Buffer;
  headerMime?: string | null;
  additionalMimeHints?: readonly (string | null | undefined)[];
  filePath?: string;
}): Promise<string | undefined> {
  return detect(options.buffer, {
    headerMime: [options.headerMime, ...(options.additionalMimeHints ?? [])],
    fileName: options.filePath,
    nameFirst: true,
  });
}
