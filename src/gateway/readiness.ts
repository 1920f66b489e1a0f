import type { Readiness } from "./http/probes.ts";

/** What the gateway opens one after the other; `/readyz` names those that are still closed. */
export type GatewayPart = "store" | "configuration" | "plugins" | "agent" | "channels" | "services";

const PARTS: readonly GatewayPart[] = ["store", "configuration", "plugins", "agent", "channels", "services"];

/** A part that failed at something is named for this long after the last time. */
export const TROUBLE_SHOWN_MS = 60_000;

/** How far a gateway has come: what is not open yet, what broke, whether it is stopping. */
export class GatewayProgress implements Readiness {
  readonly startedAt: number;
  readonly version: string;
  readonly #closed = new Set<GatewayPart>(PARTS);
  readonly #troubledAt = new Map<GatewayPart, number>();
  readonly #now: () => number;
  #stopping = false;
  #eventLoop = (): Record<string, unknown> => ({});

  /** @param now milliseconds of a clock that never goes back */
  constructor(facts: { startedAt: number; version: string }, now: () => number) {
    this.#now = now;
    this.startedAt = facts.startedAt;
    this.version = facts.version;
  }

  opened(part: GatewayPart): void {
    this.#closed.delete(part);
  }

  /** The part broke while the gateway ran; it is named until the process ends. */
  lost(part: GatewayPart): void {
    this.#closed.add(part);
  }

  /**
   * The part could not do what it is for, but may again: it is named for {@link TROUBLE_SHOWN_MS}.
   *
   * @returns whether it was not named already
   */
  troubled(part: GatewayPart): boolean {
    const known = this.#isTroubled(part);
    this.#troubledAt.set(part, this.#now());
    return !known;
  }

  isOpen(part: GatewayPart): boolean {
    return !this.#closed.has(part);
  }

  stopping(): void {
    this.#stopping = true;
  }

  /** Where the facts about the event loop come from once somebody measures it. */
  measureEventLoop(read: () => Record<string, unknown>): void {
    this.#eventLoop = read;
  }

  failing(): string[] {
    return PARTS.filter((part) => this.#closed.has(part) || this.#isTroubled(part));
  }

  draining(): boolean {
    return this.#stopping;
  }

  eventLoop(): Record<string, unknown> {
    return this.#eventLoop();
  }

  #isTroubled(part: GatewayPart): boolean {
    const at = this.#troubledAt.get(part);
    return at !== undefined && this.#now() - at < TROUBLE_SHOWN_MS;
  }
}
