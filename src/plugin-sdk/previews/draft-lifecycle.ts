/** A message that is edited while an answer is written (spec 1.18.12). */

export interface DraftState {
  stopped: boolean;
  final: boolean;
}

export interface DraftLoop<Update> {
  update(value: Update): void;
  /** Sends what waits, now. */
  flush(): Promise<void>;
  stop(): void;
  resetPending(): void;
  resetThrottleWindow(): void;
  waitForInFlight(): Promise<void>;
  takePending(): Update;
}

interface LoopOptions<Update> {
  throttleMs: number;
  isStopped(): boolean;
  send(value: Update): Promise<unknown>;
  emptyValue: Update;
  isEmpty(value: Update): boolean;
  onBackgroundFlushError?(error: unknown): void;
}

/** At most one send at a time and one per `throttleMs`; only the newest waiting value counts. */
export function createDraftLoop<Update>(options: LoopOptions<Update>): DraftLoop<Update> {
  let pending = options.emptyValue;
  let inFlight: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastSentAt = 0;
  const hasPending = () => !options.isEmpty(pending);

  const sendOnce = async () => {
    const value = pending;
    pending = options.emptyValue;
    const sent = await options.send(value);
    if (sent === false && options.isEmpty(pending)) pending = value;
    lastSentAt = Date.now();
    return sent !== false;
  };
  const flush = async () => {
    clearTimeout(timer);
    timer = undefined;
    while (!options.isStopped()) {
      if (inFlight) {
        await inFlight;
        continue;
      }
      if (!hasPending()) return;
      let delivered = false;
      inFlight = sendOnce()
        .then((ok) => {
          delivered = ok;
        })
        .finally(() => {
          inFlight = undefined;
        });
      await inFlight;
      if (!delivered) return;
    }
  };
  const schedule = () => {
    if (timer || options.isStopped()) return;
    const wait = Math.max(0, options.throttleMs - (Date.now() - lastSentAt));
    timer = setTimeout(() => {
      timer = undefined;
      void flush().catch((error) => options.onBackgroundFlushError?.(error));
    }, wait);
    timer.unref();
  };
  return {
    update(value) {
      if (options.isStopped()) return;
      pending = value;
      schedule();
    },
    flush,
    stop() {
      pending = options.emptyValue;
      clearTimeout(timer);
      timer = undefined;
    },
    resetPending() {
      pending = options.emptyValue;
    },
    resetThrottleWindow() {
      lastSentAt = 0;
      clearTimeout(timer);
      timer = undefined;
    },
    waitForInFlight: async () => {
      await inFlight;
    },
    takePending() {
      const value = pending;
      pending = options.emptyValue;
      return value;
    },
  };
}

/** The loop by itself, for plugins that keep the message's end to themselves. */
export function createDraftStreamLoop<Update = string>(params: {
  throttleMs: number;
  isStopped(): boolean;
  sendOrEditStreamMessage(value: Update): Promise<unknown>;
  emptyValue?: Update;
  isEmpty?(value: Update): boolean;
  onBackgroundFlushError?(error: unknown): void;
  [extra: string]: unknown;
}): DraftLoop<Update> {
  const emptyValue = (params.emptyValue ?? "") as Update;
  return createDraftLoop({
    throttleMs: params.throttleMs,
    isStopped: params.isStopped,
    send: params.sendOrEditStreamMessage,
    emptyValue,
    isEmpty:
      params.isEmpty ?? ((value) => (typeof value === "string" ? value.trim() === "" : value === emptyValue)),
    ...(params.onBackgroundFlushError ? { onBackgroundFlushError: params.onBackgroundFlushError } : {}),
  });
}

interface MessageIdOwner<Id> {
  readMessageId(): Id | undefined;
  clearMessageId(): void;
}

export interface DraftLifecycleOptions<Id, Update> extends MessageIdOwner<Id> {
  throttleMs: number;
  state: DraftState;
  sendOrEditStreamMessage(value: Update): Promise<unknown>;
  isValidMessageId(value: unknown): value is Id;
  deleteMessage(id: Id): Promise<unknown>;
  warn?(message: string): void;
  warnPrefix?: string;
  emptyValue?: Update;
  isEmpty?(value: Update): boolean;
  [extra: string]: unknown;
}

/** A draft with an end: sealed as it is, finished with what still waits, or deleted. */
export function createFinalizableDraftLifecycle<Id, Update = string>(
  options: DraftLifecycleOptions<Id, Update>,
) {
  const { state } = options;
  const emptyValue = (options.emptyValue ?? "") as Update;
  const loop = createDraftLoop<Update>({
    throttleMs: options.throttleMs,
    isStopped: () => state.stopped,
    send: options.sendOrEditStreamMessage,
    emptyValue,
    isEmpty: options.isEmpty ?? ((value) => value === emptyValue || value === "" || value === undefined),
  });
  const remove = async (id: Id) => {
    try {
      await options.deleteMessage(id);
    } catch (error) {
      options.warn?.(`${options.warnPrefix ?? "preview cleanup failed"}: ${String(error)}`);
    }
  };
  const stopForClear = async () => {
    state.stopped = true;
    loop.stop();
    await loop.waitForInFlight();
  };
  const clearWithStop = async (stop: () => Promise<void>, owner: MessageIdOwner<Id> = options) => {
    await stop();
    const id = owner.readMessageId();
    owner.clearMessageId();
    if (options.isValidMessageId(id)) await remove(id);
  };
  const retired: Id[] = [];
  return {
    loop,
    update(value: Update) {
      if (!state.stopped && !state.final) loop.update(value);
    },
    /** No further edit; what is shown stays. */
    async seal() {
      state.final = true;
      loop.stop();
      await loop.waitForInFlight();
    },
    async discardPending() {
      state.stopped = true;
      loop.stop();
      await loop.waitForInFlight();
    },
    stopForClear,
    /** The last edit, then no more. */
    async stop() {
      state.final = true;
      await loop.flush();
    },
    clear: () => clearWithStop(stopForClear),
    clearWithStop,
    async retire(id: Id, given: { defer?: boolean } = {}) {
      if (given.defer) retired.push(id);
      else await remove(id);
    },
    async cleanupPending(prepare?: () => void) {
      prepare?.();
      for (const id of retired.splice(0)) await remove(id);
    },
  };
}
