import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir, open, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Disposable } from "../kernel/disposable.ts";

/** The log file is put aside and begun anew past this size; one older file is kept. */
export const MAX_LOG_FILE_BYTES = 20 * 1024 * 1024;
/** A file that could not be written is tried again after this long; lines in between are dropped and counted. */
export const LOG_REOPEN_AFTER_MS = 5_000;
/** Bytes held back while the disk is slow; later lines are dropped and counted. */
export const MAX_PENDING_LOG_BYTES = 4 * 1024 * 1024;

export interface LogTail {
  file: string;
  /** Byte offset to go on from. */
  cursor: number;
  size: number;
  lines: string[];
  truncated?: boolean;
  reset?: boolean;
  skippedBytes?: number;
}

/** The gateway's log lines in a file of the state folder: bounded, never blocking, readable from a cursor. */
export class LogFile implements Disposable {
  readonly file: string;
  readonly #maxBytes: number;
  readonly #now: () => number;
  #stream: WriteStream;
  #size: number;
  #dropped = 0;
  #brokenAt: number | undefined;
  #rotation: Promise<void> | undefined;
  #held: string[] = [];

  private constructor(file: string, size: number, maxBytes: number, now: () => number) {
    this.file = file;
    this.#size = size;
    this.#maxBytes = maxBytes;
    this.#now = now;
    this.#stream = this.#openStream();
  }

  /** @param now milliseconds of a clock that never goes back */
  static async open(
    file: string,
    maxBytes = MAX_LOG_FILE_BYTES,
    now: () => number = () => performance.now(),
  ): Promise<LogFile> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const size = await stat(file).then(
      (found) => found.size,
      () => 0,
    );
    return new LogFile(file, size, maxBytes, now);
  }

  /** Takes one line, newline included. Never blocks; a line the disk can not keep up with is dropped and counted. */
  write(line: string): void {
    if (this.#rotation) {
      this.#held.push(line);
      if (this.#held.length > MAX_HELD_LINES) {
        this.#held.shift();
        this.#dropped++;
      }
      return;
    }
    if (!this.#usable() || this.#stream.writableLength > MAX_PENDING_LOG_BYTES) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      const notice = `{"level":"warn","msg":"log lines were dropped because the disk was slow or full","count":${this.#dropped}}\n`;
      this.#dropped = 0;
      this.#append(notice);
    }
    this.#append(line);
    if (this.#size > this.#maxBytes) this.#rotation = this.#rotate();
  }

  /**
   * Lines from a cursor on, or the last ones without it (spec 5.2 `logs.tail`).
   *
   * @param maxBytes at most so many bytes are read, the newest ones
   */
  async tail(options: { cursor?: number; limit: number; maxBytes: number }): Promise<LogTail> {
    const handle = await open(this.file, "r").catch(() => undefined);
    if (!handle) return { file: this.file, cursor: 0, size: 0, lines: [] };
    try {
      const { size } = await handle.stat();
      const reset = options.cursor !== undefined && options.cursor > size;
      const wanted = options.cursor === undefined || reset ? 0 : options.cursor;
      const from = Math.max(wanted, size - options.maxBytes);
      const buffer = Buffer.alloc(size - from);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
      const text = buffer.subarray(0, bytesRead);
      // A cursor stands at the start of a line; anywhere else the first piece is not a whole line.
      const begin = from === wanted ? 0 : text.indexOf(NEWLINE) + 1;
      const end = text.lastIndexOf(NEWLINE) + 1;
      const lines = text.subarray(begin, Math.max(begin, end)).toString("utf8").split("\n").slice(0, -1);
      const kept = lines.slice(-options.limit);
      const skipped = options.cursor !== undefined && !reset ? from - wanted : 0;
      return {
        file: this.file,
        cursor: from + Math.max(begin, end),
        size,
        lines: kept,
        ...(skipped > 0 || kept.length < lines.length ? { truncated: true } : {}),
        ...(skipped > 0 ? { skippedBytes: skipped } : {}),
        ...(reset ? { reset: true } : {}),
      };
    } finally {
      await handle.close();
    }
  }

  async dispose(): Promise<void> {
    await this.#rotation;
    await endStream(this.#stream);
  }

  /** False while the file could not be written a moment ago. */
  #usable(): boolean {
    if (this.#brokenAt === undefined) return true;
    if (this.#now() - this.#brokenAt < LOG_REOPEN_AFTER_MS) return false;
    this.#brokenAt = undefined;
    this.#stream = this.#openStream();
    // The last line may have been cut off in the middle.
    this.#append("\n");
    return true;
  }

  #append(line: string): void {
    this.#size += Buffer.byteLength(line);
    this.#stream.write(line, (error) => {
      if (error) this.#dropped++;
    });
  }

  async #rotate(): Promise<void> {
    await endStream(this.#stream);
    await rename(this.file, `${this.file}.1`).catch(() => {});
    this.#stream = this.#openStream();
    this.#size = 0;
    this.#rotation = undefined;
    for (const line of this.#held.splice(0)) this.#append(line);
  }

  #openStream(): WriteStream {
    const stream = createWriteStream(this.file, { flags: "a", mode: 0o600 });
    // A full disk must not take the gateway down; lines are lost until there is room again.
    stream.on("error", () => {
      this.#brokenAt = this.#now();
    });
    return stream;
  }
}

const NEWLINE = 0x0a;
const MAX_HELD_LINES = 1_000;

function endStream(stream: WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed || stream.destroyed) resolve();
    else stream.once("close", () => resolve()).end();
  });
}
