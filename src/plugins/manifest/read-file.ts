import { isUtf8 } from "node:buffer";
import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { isInside } from "../../kernel/confine-path.ts";
import { SluiceError } from "../../kernel/errors.ts";

export type MetadataFileErrorCode = "FILE_MISSING" | "FILE_UNSAFE" | "FILE_TOO_LARGE" | "FILE_UNREADABLE";

export interface MetadataFileRules {
  maxBytes: number;
  /** For plugins that did not come with the host: regular file, one link, real path inside the root. */
  strict: boolean;
}

/**
 * Reads a metadata file of a plugin without running anything. `realRoot` is the real path of its folder.
 *
 * @throws SluiceError with a {@link MetadataFileErrorCode}
 */
export async function readMetadataFile(
  realRoot: string,
  path: string,
  rules: MetadataFileRules,
): Promise<string> {
  const refuse = (code: MetadataFileErrorCode, message: string, cause?: unknown) =>
    new SluiceError<MetadataFileErrorCode>(code, message, { details: { path }, cause });
  try {
    // Non-blocking, so that a named pipe in place of the file cannot hold the start.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw refuse("FILE_UNSAFE", `${path} is not a regular file`);
      if (rules.strict && stats.nlink > 1) throw refuse("FILE_UNSAFE", `${path} is a hard link`);
      if (stats.size > rules.maxBytes) {
        throw refuse("FILE_TOO_LARGE", `${path} is larger than ${rules.maxBytes} bytes`);
      }
      if (rules.strict && !isInside(realRoot, await realpath(path))) {
        throw refuse("FILE_UNSAFE", `${path} leads out of the plugin's folder`);
      }
      const bytes = await handle.readFile();
      if (bytes.length > rules.maxBytes) {
        throw refuse("FILE_TOO_LARGE", `${path} is larger than ${rules.maxBytes} bytes`);
      }
      if (!isUtf8(bytes)) throw refuse("FILE_UNREADABLE", `${path} is not text in UTF-8`);
      return bytes.toString("utf8");
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw refuse("FILE_MISSING", `${path} does not exist`, error);
    throw refuse("FILE_UNREADABLE", `${path} cannot be read: ${(error as Error).message}`, error);
  }
}
