import type { Duplex } from "node:stream";
import { MAX_BUFFERED_BYTES } from "../../protocol/limits.ts";
import { type SharedFrame, textFrame } from "../events/frame.ts";

/**
 * The sending side of a socket. Frames are written as bytes, past the WebSocket library, which never
 * holds anything back here because compression is off. The first write of a tick corks the socket and the
 * end of the tick uncorks it, so that everything a read brought forth leaves in one system call.
 */
export class Outlet {
  readonly #socket: Duplex;
  readonly #maxBuffered: number;
  #corked = false;

  constructor(socket: Duplex, maxBuffered = MAX_BUFFERED_BYTES) {
    this.#socket = socket;
    this.#maxBuffered = maxBuffered;
  }

  /** True when the reader is so far behind that nothing more may be queued. */
  get full(): boolean {
    return this.#socket.writableLength > this.#maxBuffered;
  }

  text(text: string): void {
    this.#cork();
    this.#socket.write(textFrame(text));
  }

  shared(frame: SharedFrame, seq: number | undefined): void {
    this.#cork();
    this.#socket.write(frame.head(seq));
    this.#socket.write(frame.body);
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(uncork, this);
  }

  /** Called at the end of the tick; public for {@link uncork} only. */
  release(): void {
    this.#corked = false;
    this.#socket.uncork();
  }
}

function uncork(outlet: Outlet): void {
  outlet.release();
}
