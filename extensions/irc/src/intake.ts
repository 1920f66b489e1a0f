import type { InboundMessage } from "sluice/plugin-sdk/channel-contract";

/** Lines held while the gateway cannot record any; later ones are dropped and counted in the log. */
export const MAX_HELD_LINES = 1_000;
export const HELD_LINES_RETRY_MS = 2_000;

export interface IntakeParts {
  receive(message: InboundMessage): Promise<unknown>;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Aborts when the account stops. */
  signal: AbortSignal;
  log?: { warn(message: string): void; error(message: string): void } | undefined;
}

/**
 * Hands lines to the gateway. IRC brings no line twice, so those that could not be recorded, on a full disk for
 * example, are held in order and handed over again until they are.
 */
export class Intake {
  readonly #parts: IntakeParts;
  readonly #held: InboundMessage[] = [];
  #dropped = 0;
  #retrying = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  get held(): number {
    return this.#held.length;
  }

  take(message: InboundMessage): void {
    if (this.#held.length > 0) {
      this.#hold(message);
      return;
    }
    this.#parts.receive(message).catch((error: unknown) => {
      if (!mayPass(error)) this.#lost(message, error);
      else this.#hold(message, error);
    });
  }

  #hold(message: InboundMessage, error?: unknown): void {
    if (this.#held.length >= MAX_HELD_LINES) {
      this.#dropped += 1;
      return;
    }
    this.#held.push(message);
    if (this.#retrying) return;
    this.#retrying = true;
    this.#parts.log?.warn(`lines wait until they can be recorded: ${textOf(error)}`);
    void this.#retry();
  }

  async #retry(): Promise<void> {
    const { receive, sleep, signal, log } = this.#parts;
    for (let next = this.#held[0]; next; next = this.#held[0]) {
      await sleep(HELD_LINES_RETRY_MS, signal).catch(() => {});
      if (signal.aborted) break;
      while (next) {
        try {
          await receive(next);
        } catch (error) {
          if (mayPass(error)) break;
          this.#lost(next, error);
        }
        this.#held.shift();
        next = this.#held[0];
      }
    }
    this.#retrying = false;
    const lost = this.#held.splice(0).length + this.#dropped;
    this.#dropped = 0;
    if (lost > 0) log?.error(`${lost} lines could not be recorded and are lost`);
  }

  #lost(message: InboundMessage, error: unknown): void {
    this.#parts.log?.error(`a line of ${message.sender.name} could not be recorded: ${textOf(error)}`);
  }
}

/** The host says of its errors whether trying again may help. */
function mayPass(error: unknown): boolean {
  return typeof error === "object" && error !== null && (error as { retryable?: unknown }).retryable === true;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error ?? "unknown");
}
