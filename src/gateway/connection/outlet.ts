import type { Duplex } from "node:stream";
import { MAX_BUFFERED_BYTES } from "../../protocol/limits.ts";
import { type SharedFrame, textFrame } from "../events/frame.ts";

/**
 * Ends the corking of sockets at the end of a tick, all of a server with one callback: everything a tick
 * brought forth for a socket leaves in one system call.
 */
export class CorkBatch {
  #corked: Duplex[] = [];

  add(socket: Duplex): void {
    socket.cork();
    if (this.#corked.push(socket) === 1) process.nextTick(flush, this);
  }

  /** Called at the end of the tick. */
  flush(): void {
    const corked = this.#corked;
    this.#corked = [];
    for (const socket of corked) socket.uncork();
  }
}

function flush(batch: CorkBatch): void {
  batch.flush();
}

/**
 * The sending side of a socket. Frames are written as bytes, past the WebSocket library, which never
 * holds anything back here because compression is off.
 */
export class Outlet {
  readonly #socket: Duplex;
  readonly #batch: CorkBatch;
  readonly #maxBuffered: number;

  constructor(socket: Duplex, batch: CorkBatch, maxBuffered = MAX_BUFFERED_BYTES) {
    this.#socket = socket;
    this.#batch = batch;
    this.#maxBuffered = maxBuffered;
  }

  /** True when the reader is so far behind that nothing more may be queued. */
  get full(): boolean {
    return this.#socket.writableLength > this.#maxBuffered;
  }

  text(text: string): void {
    if (this.#socket.writableCorked === 0) this.#batch.add(this.#socket);
    this.#socket.write(textFrame(text));
  }

  shared(frame: SharedFrame, seq: number | undefined): void {
    if (this.#socket.writableCorked === 0) this.#batch.add(this.#socket);
    for (const piece of frame.pieces(seq)) this.#socket.write(piece);
  }
}
