import type { Readiness } from "./http/probes.ts";

/** What the gateway opens one after the other; `/readyz` names those that are still closed. */
export type GatewayPart = "store" | "configuration" | "plugins" | "agent" | "channels" | "services";

const PARTS: readonly GatewayPart[] = ["store", "configuration", "plugins", "agent", "channels", "services"];

/** How far a gateway has come: what is not open yet, what broke, whether it is stopping. */
export class GatewayProgress implements Readiness {
  readonly startedAt: number;
  readonly version: string;
  readonly #closed = new Set<GatewayPart>(PARTS);
  #stopping = false;
  #eventLoop = (): Record<string, unknown> => ({});

  constructor(facts: { startedAt: number; version: string }) {
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
    return [...this.#closed];
  }

  draining(): boolean {
    return this.#stopping;
  }

  eventLoop(): Record<string, unknown> {
    return this.#eventLoop();
  }
}
