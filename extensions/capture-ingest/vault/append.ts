import { constants } from "node:fs";
import { dirname, join } from "node:path";
import { errorMessage, SluiceError } from "sluice/plugin-sdk/foundation";
import type { VaultFileHandle, VaultFileSystem } from "./file-system.ts";

export type VaultErrorCode = "VAULT_WRITE_FAILED" | "VAULT_UNSAFE" | "VAULT_MISSING";

export interface VaultErrorDetails {
  /** True when the file is certainly as it was before: nothing of the text is in it. */
  undone: boolean;
}

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_APPEND, O_NONBLOCK } = constants;
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const NEWLINE = 0x0a;

/** Where a vault file lies and how it begins. */
export interface VaultTarget {
  /** Absolute, without symbolic links. */
  root: string;
  /** `<Folder>/<YYYY-MM-DD>.md` */
  file: string;
  /** Front matter and title of a new file. */
  header: string;
}

/**
 * Appends text to a vault file and makes it durable with one sync. Never follows a link, never rewrites: what
 * users wrote stays. On failure it takes its own text back as far as it can and says whether it could.
 *
 * @throws SluiceError with a {@link VaultErrorCode} and {@link VaultErrorDetails}
 */
export async function appendToVault(
  fileSystem: VaultFileSystem,
  target: VaultTarget,
  text: Uint8Array,
): Promise<void> {
  const path = join(target.root, target.file);
  await ensureFolder(fileSystem, target);
  const { handle, created } = await openForAppend(fileSystem, path);
  try {
    const { size } = await regularFile(handle);
    const bytes = Buffer.concat([await lead(handle, size, target.header), text]);
    try {
      await writeAll(handle, bytes, null);
      await handle.datasync();
      if (created) await fileSystem.syncFolder(dirname(path));
    } catch (error) {
      const undone = await takeBack(handle, size, bytes);
      if (undone && created) await fileSystem.unlink(path).catch(() => {});
      throw writeFailed(error, undone);
    }
  } finally {
    await handle.close().catch(() => {});
  }
}

/** Opens an existing vault file for reading and writing in place; `undefined` when there is none. */
export async function openExisting(
  fileSystem: VaultFileSystem,
  path: string,
): Promise<VaultFileHandle | undefined> {
  try {
    const handle = await fileSystem.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    await regularFile(handle).catch(async (error) => {
      await handle.close().catch(() => {});
      throw error;
    });
    return handle;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw asVaultError(error);
  }
}

export async function writeAll(
  handle: VaultFileHandle,
  bytes: Uint8Array,
  position: number | null,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const at = position === null ? null : position + done;
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at);
    if (bytesWritten <= 0) throw new Error("the file system accepted no further bytes");
    done += bytesWritten;
  }
}

/** Makes the folder of a vault file; the vault itself must exist, for it may be a disk that is not mounted. */
export async function ensureFolder(fileSystem: VaultFileSystem, target: VaultTarget): Promise<void> {
  const folder = join(target.root, dirname(target.file));
  try {
    await fileSystem.mkdir(folder, { mode: FOLDER_MODE });
    await fileSystem.syncFolder(target.root);
    return;
  } catch (error) {
    if (codeOf(error) === "ENOENT") {
      throw new SluiceError<VaultErrorCode>(
        "VAULT_MISSING",
        `the vault ${target.root} is not there; mount or create it and send again`,
        { retryable: true, details: { undone: true } satisfies VaultErrorDetails },
      );
    }
    if (codeOf(error) !== "EEXIST") throw writeFailed(error, true);
  }
  const stat = await fileSystem.lstat(folder).catch((error) => {
    throw writeFailed(error, true);
  });
  if (stat.isSymbolicLink() || !stat.isDirectory())
    throw unsafe(`${dirname(target.file)} is not a plain folder`);
}

async function openForAppend(fileSystem: VaultFileSystem, path: string) {
  const flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK;
  try {
    return { handle: await fileSystem.open(path, flags), created: false };
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw asVaultError(error);
  }
  try {
    return { handle: await fileSystem.open(path, flags | O_CREAT | O_EXCL, FILE_MODE), created: true };
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw asVaultError(error);
  }
  try {
    return { handle: await fileSystem.open(path, flags), created: false };
  } catch (error) {
    throw asVaultError(error);
  }
}

async function regularFile(handle: VaultFileHandle): Promise<{ size: number }> {
  const stat = await handle.stat().catch((error) => {
    throw writeFailed(error, true);
  });
  if (!stat.isFile()) throw unsafe("the vault file is not a regular file");
  return stat;
}

/** What has to stand before an entry: the header of an empty file, the newline a user left out. */
async function lead(handle: VaultFileHandle, size: number, header: string): Promise<Buffer> {
  if (size === 0) return Buffer.from(header);
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1).catch((error) => {
    throw writeFailed(error, true);
  });
  return last[0] === NEWLINE ? Buffer.alloc(0) : Buffer.from("\n");
}

/** Cuts our own torn text off again. True when the file is certainly as it was. */
async function takeBack(handle: VaultFileHandle, before: number, bytes: Uint8Array): Promise<boolean> {
  try {
    const { size } = await handle.stat();
    if (size < before || size > before + bytes.length) return false;
    if (size > before) {
      const tail = Buffer.alloc(size - before);
      const { bytesRead } = await handle.read(tail, 0, tail.length, before);
      if (bytesRead !== tail.length || tail.compare(bytes, 0, tail.length) !== 0) return false;
      await handle.truncate(before);
    }
    await handle.datasync();
    return true;
  } catch {
    return false;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}

/** A link, a device or a folder in the place of a file is refused by the kernel with one of these. */
function asVaultError(error: unknown): SluiceError<VaultErrorCode> {
  const code = codeOf(error);
  if (code === "ELOOP" || code === "EISDIR" || code === "ENXIO")
    return unsafe("the vault file is not a regular file");
  return writeFailed(error, true);
}

function unsafe(what: string): SluiceError<VaultErrorCode> {
  return new SluiceError("VAULT_UNSAFE", `${what}; nothing was written through it`, {
    details: { undone: true } satisfies VaultErrorDetails,
  });
}

function writeFailed(error: unknown, undone: boolean): SluiceError<VaultErrorCode> {
  if ((error as { code?: string }).code?.startsWith("VAULT_")) return error as SluiceError<VaultErrorCode>;
  return new SluiceError("VAULT_WRITE_FAILED", `the vault could not be written: ${errorMessage(error)}`, {
    retryable: true,
    details: { undone } satisfies VaultErrorDetails,
    cause: error,
  });
}
