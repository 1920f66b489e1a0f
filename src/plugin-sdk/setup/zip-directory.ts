import type { FileHandle } from "node:fs/promises";

/** Largest directory at the end of a ZIP that is read. */
export const MAX_ZIP_DIRECTORY_BYTES = 32 * 1_024 * 1_024;
const END_RECORD = 22;
const MAX_COMMENT = 65_535;

export interface ZipEntry {
  name: string;
  method: number;
  compressedSize: number;
  /** As stated; unpacking checks it. */
  size: number;
  /** Of the entry's own header. */
  offset: number;
  mode: number;
  isFolder: boolean;
  isLink: boolean;
}

/** What a ZIP says is in it. @throws for a broken one, an encrypted one and one of more than 4 GiB */
export async function readZipDirectory(handle: FileHandle): Promise<ZipEntry[]> {
  const { size } = await handle.stat();
  const tail = Buffer.alloc(Math.min(size, END_RECORD + MAX_COMMENT));
  await handle.read(tail, 0, tail.length, size - tail.length);
  const end = tail.lastIndexOf(Buffer.from("504b0506", "hex"));
  if (end === -1 || end + END_RECORD > tail.length)
    throw new Error("the file is no ZIP archive, or a broken one");
  const [count, length, start] = [
    tail.readUInt16LE(end + 10),
    tail.readUInt32LE(end + 12),
    tail.readUInt32LE(end + 16),
  ];
  if (count === 0xffff || start === 0xffffffff)
    throw new Error("ZIP archives of more than 4 GiB are not read");
  if (length > MAX_ZIP_DIRECTORY_BYTES || start + length > size) throw new Error("the ZIP archive is broken");
  const directory = Buffer.alloc(length);
  await handle.read(directory, 0, length, start);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + 46 > length || directory.readUInt32LE(at) !== 0x02014b50)
      throw new Error("the ZIP archive is broken");
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const next = nameEnd + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    if (next > length) throw new Error("the ZIP archive is broken");
    entries.push(entryAt(directory, at, nameEnd));
    at = next;
  }
  return entries;
}

function entryAt(directory: Buffer, at: number, nameEnd: number): ZipEntry {
  const name = directory.toString("utf8", at + 46, nameEnd);
  if (directory.readUInt16LE(at + 8) & 1) throw new Error(`the ZIP archive is encrypted: ${name}`);
  const fromUnix = directory.readUInt8(at + 5) === 3;
  const unixMode = directory.readUInt32LE(at + 38) >>> 16;
  const kind = fromUnix ? unixMode & 0o170000 : 0;
  return {
    name,
    method: directory.readUInt16LE(at + 10),
    compressedSize: directory.readUInt32LE(at + 20),
    size: directory.readUInt32LE(at + 24),
    offset: directory.readUInt32LE(at + 42),
    mode: fromUnix && (unixMode & 0o777) !== 0 ? unixMode & 0o777 : 0o644,
    isFolder: name.endsWith("/") || kind === 0o040000,
    isLink: kind !== 0 && kind !== 0o040000 && kind !== 0o100000,
  };
}
