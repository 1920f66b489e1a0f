import type { ChannelConfig } from "../../contracts/channel.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { asNumber, asRecord } from "../config-values.ts";
import { createFlush, type Flush } from "./flush.ts";

/** Buffers kept at once; above it the oldest is flushed early. */
export const DEFAULT_MAX_DEBOUNCE_KEYS = 2_048;
/** Items one buffer collects before it is flushed early. */
export const MAX_DEBOUNCE_ITEMS = 100;
/** A buffer waits at most this many times the debounce after its first item. */
const MAX_WAIT_FACTOR = 5;

export interface DebouncerOptions<Item> {
  clock: Clock;
  debounceMs: number;
  maxTrackedKeys?: number;
  maxWaitMs?: number;
  /** `null`: not buffered. */
  buildKey(item: Item): string | null | undefined;
  shouldDebounce?(item: Item): boolean;
  resolveDebounceMs?(item: Item): number | undefined;
  /** False: what waits is flushed first and the item starts a buffer of its own. */
  canAppend?(item: Item, pending: readonly Item[]): boolean;
  /** The value of `createFlush` lets the next flush of the key begin as soon as this turn is taken up. */
  onFlush(items: Item[], flush: typeof createFlush): Flush | Promise<void> | void;
  onError?(error: unknown, items: Item[]): void;
  onCancel?(items: Item[]): void;
}

interface Buffer<Item> {
  items: Item[];
  firstAt: number;
  timer: Disposable;
}

/** Collects quick messages of one key into one (spec 1.18.4). Order per key is kept; one flush at a time. */
export class InboundDebouncer<Item> {
  readonly #options: DebouncerOptions<Item>;
  readonly #buffers = new Map<string, Buffer<Item>>();
  readonly #tails = new Map<string, Promise<void>>();
  /** Turns that were taken up and are still worked on. */
  readonly #running = new Set<Promise<void>>();

  constructor(options: DebouncerOptions<Item>) {
    this.#options = options;
  }

  get size(): number {
    return this.#buffers.size;
  }

  shouldBuffer(item: Item): boolean {
    const { buildKey, shouldDebounce } = this.#options;
    return (
      this.#delay(item) > 0 &&
      buildKey(item) !== null &&
      buildKey(item) !== undefined &&
      shouldDebounce?.(item) !== false
    );
  }

  /** Resolves when the item has been flushed, or at once when it was buffered. */
  async enqueue(item: Item): Promise<void> {
    const key = this.#options.buildKey(item);
    if (!this.shouldBuffer(item) || key === null || key === undefined) {
      if (key !== null && key !== undefined) {
        this.#startFlush(key);
        await this.#chain(key, [item]);
      } else {
        await this.#run([item]);
      }
      return;
    }
    const now = this.#options.clock.now();
    const delay = this.#delay(item);
    let buffer = this.#buffers.get(key);
    if (buffer && this.#options.canAppend?.(item, buffer.items) === false) {
      this.#startFlush(key);
      buffer = undefined;
    }
    if (buffer) {
      buffer.items.push(item);
      buffer.timer.dispose();
      const deadline = buffer.firstAt + (this.#options.maxWaitMs ?? delay * MAX_WAIT_FACTOR);
      if (buffer.items.length >= MAX_DEBOUNCE_ITEMS) {
        this.#startFlush(key);
        return;
      }
      buffer.timer = this.#arm(key, Math.max(0, Math.min(delay, deadline - now)));
      return;
    }
    this.#buffers.set(key, { items: [item], firstAt: now, timer: this.#arm(key, delay) });
    if (this.#buffers.size > (this.#options.maxTrackedKeys ?? DEFAULT_MAX_DEBOUNCE_KEYS)) {
      const oldest = this.#buffers.keys().next();
      if (!oldest.done) this.#startFlush(oldest.value);
    }
  }

  async flushKey(key: string): Promise<void> {
    this.#startFlush(key);
    await this.#tails.get(key);
  }

  /** Drops a buffer without flushing; returns what it held. */
  cancelKey(key: string): Item[] {
    const items = this.#take(key);
    if (items.length > 0) this.#options.onCancel?.(items);
    return items;
  }

  #take(key: string): Item[] {
    const buffer = this.#buffers.get(key);
    this.#buffers.delete(key);
    buffer?.timer.dispose();
    return buffer?.items ?? [];
  }

  /** Flushes everything and waits for it. */
  async drain(): Promise<void> {
    for (const key of [...this.#buffers.keys()]) this.#startFlush(key);
    await Promise.all(this.#tails.values());
    await Promise.all(this.#running);
  }

  /** Drops every buffer; for a stop after which the rows are taken up again by the next start. */
  clear(): void {
    for (const key of [...this.#buffers.keys()]) this.cancelKey(key);
  }

  #delay(item: Item): number {
    return this.#options.resolveDebounceMs?.(item) ?? this.#options.debounceMs;
  }

  #arm(key: string, delayMs: number): Disposable {
    return this.#options.clock.after(delayMs, () => this.#startFlush(key));
  }

  #startFlush(key: string): void {
    const items = this.#take(key);
    if (items.length > 0) void this.#chain(key, items);
  }

  #chain(key: string, items: Item[]): Promise<void> {
    const tail = (this.#tails.get(key) ?? Promise.resolve()).then(() => this.#run(items));
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    return tail;
  }

  async #run(items: Item[]): Promise<void> {
    try {
      const flush = this.#options.onFlush(items, createFlush);
      if (flush && "admission" in flush) await this.#admitted(flush, items);
      else await flush;
    } catch (error) {
      this.#options.onError?.(error, items);
    }
  }

  async #admitted(flush: Flush, items: Item[]): Promise<void> {
    const running = flush.completion.catch((error) => this.#options.onError?.(error, items));
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
    await flush.admission;
  }
}

/** Override, else per channel, else for all channels, else none. Milliseconds. */
export function resolveInboundDebounceMs(params: {
  cfg: ChannelConfig;
  channel: string;
  overrideMs?: number;
}): number {
  const inbound = asRecord(asRecord(params.cfg["messages"])["inbound"]);
  return (
    params.overrideMs ??
    asNumber(asRecord(inbound["byChannel"])[params.channel]) ??
    asNumber(inbound["debounceMs"]) ??
    0
  );
}
