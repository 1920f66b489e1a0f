import type { Clock } from "../../kernel/clock.ts";
import { MAX_UNAUTHENTICATED_PER_ADDRESS, SILENT_SOCKET_GRACE_MS } from "../../protocol/limits.ts";

/** A socket that has not authenticated yet. */
export interface WaitingSocket {
  /** Nothing has come from it so far. */
  readonly silent: boolean;
  /** Closes it: somebody else needs its place. */
  makeRoom(): void;
}

interface Place {
  socket: WaitingSocket;
  since: number;
}

/**
 * Bounds the unauthenticated sockets of an address (spec 1.5). Sockets that keep silent do not lock out clients
 * that speak: the oldest of them loses its place when all are taken.
 */
export class WaitingSockets {
  readonly #clock: Clock;
  readonly #places = new Map<string, Set<Place>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Addresses with somebody waiting. */
  get size(): number {
    return this.#places.size;
  }

  /** Whether one more may come from this address; may close a silent one to make it so. */
  hasRoom(address: string): boolean {
    const places = this.#places.get(address);
    if (!places || places.size < MAX_UNAUTHENTICATED_PER_ADDRESS) return true;
    const now = this.#clock.monotonic();
    for (const place of places) {
      // In order of arrival: whoever follows has been here for less.
      if (now - place.since < SILENT_SOCKET_GRACE_MS) return false;
      if (!place.socket.silent) continue;
      this.#leave(address, place);
      place.socket.makeRoom();
      return true;
    }
    return false;
  }

  /** @returns gives the place back; may be called more than once */
  add(address: string, socket: WaitingSocket): () => void {
    const place = { socket, since: this.#clock.monotonic() };
    const places = this.#places.get(address);
    if (places) places.add(place);
    else this.#places.set(address, new Set([place]));
    return () => this.#leave(address, place);
  }

  #leave(address: string, place: Place): void {
    const places = this.#places.get(address);
    places?.delete(place);
    if (places?.size === 0) this.#places.delete(address);
  }
}
