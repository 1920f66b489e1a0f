import {
  type DebouncerOptions,
  InboundDebouncer,
  resolveInboundDebounceMs,
} from "../../channels/inbound/debouncer.ts";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";

type Options<Item> = Omit<DebouncerOptions<Item>, "clock"> & {
  clock?: Clock;
  /** Items that do not wait keep their order per key; here they always do. */
  serializeImmediate?: boolean;
};

/** Collects quick messages of one key into one (spec 1.18.4), as `api.runtime.channel.debounce` does. */
export function createInboundDebouncer<Item>(options: Options<Item>) {
  const debouncer = new InboundDebouncer<Item>({ ...options, clock: options.clock ?? systemClock });
  return {
    enqueue: (item: Item) => debouncer.enqueue(item),
    shouldBuffer: (item: Item) => debouncer.shouldBuffer(item),
    flushKey: (key: string) => debouncer.flushKey(key),
    cancelKey: (key: string) => debouncer.cancelKey(key).length > 0,
    drain: () => debouncer.drain(),
  };
}

/** The same with the wait that is configured for a channel. */
export function createChannelInboundDebouncer<Item>(
  params: Omit<Options<Item>, "debounceMs"> & {
    cfg: ChannelConfig;
    channel: string;
    debounceMsOverride?: number;
  },
) {
  const { cfg, channel, debounceMsOverride, ...options } = params;
  const debounceMs = resolveInboundDebounceMs({
    cfg,
    channel,
    ...(debounceMsOverride === undefined ? {} : { overrideMs: debounceMsOverride }),
  });
  return { debounceMs, debouncer: createInboundDebouncer<Item>({ ...options, debounceMs }) };
}
