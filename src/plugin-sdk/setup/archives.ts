import { createReadStream } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";
import { createGunzip, inflateRaw } from "node:zlib";
import { FsSafeError } from "../security/file-errors.ts";
import { type RootFolder, root } from "../security/root-folder.ts";
import { withTimeout } from "../values/async.ts";
import { TarReader } from "./tar-reader.ts";
import { readZipDirectory, type ZipEntry } from "./zip-directory.ts";

const MEBIBYTE = 1_024 * 1_024;

export interface ArchiveLimits {
  maxArchiveBytes?: number;
  maxEntries?: number;
  maxEntryBytes?: number;
  maxExtractedBytes?: number;
}

export const DEFAULT_ARCHIVE_LIMITS: Readonly<Required<ArchiveLimits>> = Object.freeze({
  maxArchiveBytes: 256 * MEBIBYTE,
  maxEntries: 50_000,
  maxEntryBytes: 256 * MEBIBYTE,
  maxExtractedBytes: 512 * MEBIBYTE,
});

/** A compressed file inside a ZIP is held in memory while it is unpacked. */
export const MAX_ZIP_ENTRY_BYTES = 512 * MEBIBYTE;

export interface ExtractArchiveOptions {
  archivePath: string;
  /** Made when it is missing. */
  destDir: string;
  timeoutMs: number;
  /** Default: from the name. */
  kind?: "tar" | "zip";
  /** Leading folders that are left out. Default 0. */
  stripComponents?: number;
  limits?: ArchiveLimits;
}

/**
 * Unpacks `.tar`, `.tar.gz`, `.tgz` and `.zip` below a folder. Plain files and folders only: an archive with
 * a link, a device or a name that leads out of the folder is refused.
 *
 * @throws FsSafeError `too-large`, `outside-workspace`, `symlink`, `not-file`; Error for a broken archive and
 *   when the time is over
 */
export async function extractArchive(options: ExtractArchiveOptions): Promise<void> {
  const kind = options.kind ?? kindOf(options.archivePath);
  const limits = { ...DEFAULT_ARCHIVE_LIMITS, ...options.limits };
  const { size } = await stat(options.archivePath);
  if (size > limits.maxArchiveBytes) {
    throw new FsSafeError("too-large", `the archive is larger than ${limits.maxArchiveBytes} bytes`);
  }
  await mkdir(options.destDir, { recursive: true });
  const target = new ExtractionTarget(await root(options.destDir), limits, options.stripComponents ?? 0);
  const work =
    kind === "zip" ? extractZip(options.archivePath, target) : extractTar(options.archivePath, target);
  try {
    await withTimeout(work, options.timeoutMs, "unpacking the archive");
  } finally {
    target.stop();
    await work.catch(() => {});
  }
}

function kindOf(path: string): "tar" | "zip" {
  const name = path.toLowerCase();
  if (name.endsWith(".zip")) return "zip";
  if (/\.(?:tar|tgz|tar\.gz)$/.test(name)) return "tar";
  throw new Error(`the archive is of an unknown kind; name it .tar.gz, .tgz, .tar or .zip: ${path}`);
}

/** Counts what comes out and puts it in its place. */
class ExtractionTarget {
  readonly #folder: RootFolder;
  readonly #limits: Required<ArchiveLimits>;
  readonly #strip: number;
  #entries = 0;
  #bytes = 0;
  #isStopped = false;

  constructor(folder: RootFolder, limits: Required<ArchiveLimits>, strip: number) {
    this.#folder = folder;
    this.#limits = limits;
    this.#strip = strip;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** The name below the folder; `undefined` for a part that is left out. Counts the entry. */
  admit(name: string, size: number): string | undefined {
    if (this.#isStopped) throw new Error("unpacking was stopped");
    this.#entries += 1;
    if (this.#entries > this.#limits.maxEntries) {
      throw new FsSafeError("too-large", `the archive has more than ${this.#limits.maxEntries} entries`);
    }
    if (size > this.#limits.maxEntryBytes) {
      throw new FsSafeError(
        "too-large",
        `a file of the archive is larger than ${this.#limits.maxEntryBytes} bytes`,
      );
    }
    const parts = name
      .replaceAll("\\", "/")
      .split("/")
      .filter((part) => part !== "" && part !== ".");
    if (parts.includes("..") || /^[/\\]|^[A-Za-z]:/.test(name)) {
      throw new FsSafeError("outside-workspace", `a name of the archive leads out of the folder: ${name}`);
    }
    return parts.slice(this.#strip).join("/") || undefined;
  }

  async folder(name: string | undefined): Promise<void> {
    if (name !== undefined) await this.#folder.mkdir(name);
  }

  /** Takes the data even when the file is left out, so that the reader goes on behind it. */
  async file(name: string | undefined, data: AsyncIterable<Uint8Array>, mode: number): Promise<void> {
    const counted = this.#counted(data);
    if (name === undefined) for await (const _chunk of counted);
    else await this.#folder.write(name, counted, { mode: (mode & 0o777 & ~0o022) | 0o600, durable: false });
  }

  async *#counted(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let size = 0;
    for await (const chunk of data) {
      if (this.#isStopped) throw new Error("unpacking was stopped");
      size += chunk.length;
      this.#bytes += chunk.length;
      if (size > this.#limits.maxEntryBytes || this.#bytes > this.#limits.maxExtractedBytes) {
        throw new FsSafeError("too-large", "what is in the archive is larger than the limit");
      }
      yield chunk;
    }
  }
}

async function extractTar(archivePath: string, target: ExtractionTarget): Promise<void> {
  const file = createReadStream(archivePath);
  const isPlain = archivePath.toLowerCase().endsWith(".tar");
  const gunzip = isPlain ? undefined : createGunzip();
  // A generator hears of a read error through the stream that it reads.
  if (gunzip) file.on("error", (error) => gunzip.destroy(error)).pipe(gunzip);
  const reader = new TarReader((gunzip ?? file) as AsyncIterable<Buffer>);
  try {
    for (let entry = await reader.next(); entry; entry = await reader.next()) {
      const name = target.admit(entry.name, entry.size);
      if (entry.type === "folder") await target.folder(name);
      else if (entry.type === "file") await target.file(name, reader.data(), entry.mode);
      else throw new FsSafeError("symlink", `the archive has something that is no plain file: ${entry.name}`);
    }
  } finally {
    file.destroy();
    gunzip?.destroy();
  }
}

async function extractZip(archivePath: string, target: ExtractionTarget): Promise<void> {
  const handle = await open(archivePath, "r");
  try {
    for (const entry of await readZipDirectory(handle)) {
      const name = target.admit(entry.name, entry.size);
      if (entry.isLink) throw new FsSafeError("symlink", `the archive has a link: ${entry.name}`);
      if (entry.isFolder) await target.folder(name);
      else await target.file(name, zipData(handle, entry), entry.mode);
    }
  } finally {
    await handle.close();
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

async function* zipData(handle: Handle, entry: ZipEntry): AsyncGenerator<Uint8Array> {
  if (entry.compressedSize > MAX_ZIP_ENTRY_BYTES || entry.size > MAX_ZIP_ENTRY_BYTES) {
    throw new FsSafeError("too-large", `a file of the archive is larger than ${MAX_ZIP_ENTRY_BYTES} bytes`);
  }
  const header = await readExactly(handle, 30, entry.offset);
  if (header.readUInt32LE(0) !== 0x04034b50) throw new Error(`the archive is broken at ${entry.name}`);
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const packed = await readExactly(handle, entry.compressedSize, start);
  if (entry.method === 0) {
    yield packed;
    return;
  }
  if (entry.method !== 8) throw new Error(`the archive packs ${entry.name} in a way that is not known here`);
  // The stated size bounds what comes out: a lie ends as an error instead of in memory.
  yield await new Promise<Buffer>((resolve, reject) => {
    inflateRaw(packed, { maxOutputLength: Math.max(entry.size, 1) }, (error, data) => {
      if (!error) resolve(data);
      else reject(new Error(`the archive is broken at ${entry.name}`, { cause: error }));
    });
  });
}

async function readExactly(handle: Handle, length: number, position: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  if (bytesRead < length) throw new Error("the archive ends too early");
  return buffer;
}
