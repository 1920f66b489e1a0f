import { lstat, mkdir, open, readdir, readFile, unlink } from "node:fs/promises";

/** The part of an open file that the vault uses; `FileHandle` is one. */
export interface VaultFileHandle {
  stat(): Promise<{ size: number; isFile(): boolean }>;
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ bytesWritten: number }>;
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/** The file system as the vault sees it, so that tests can let any call fail. */
export interface VaultFileSystem {
  open(path: string, flags: number, mode?: number): Promise<VaultFileHandle>;
  mkdir(path: string, options: { mode: number }): Promise<unknown>;
  lstat(path: string): Promise<{ isDirectory(): boolean; isSymbolicLink(): boolean }>;
  readFile(path: string): Promise<Buffer>;
  readdir(path: string): Promise<string[]>;
  unlink(path: string): Promise<void>;
  /** Makes the entries of a folder durable. */
  syncFolder(path: string): Promise<void>;
}

export const nodeFileSystem: VaultFileSystem = {
  open,
  mkdir,
  lstat,
  readFile: (path) => readFile(path),
  readdir: (path) => readdir(path),
  unlink,
  async syncFolder(path) {
    const folder = await open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};
