/** What an account reports of its connection through `setStatus`. */

type Extras = Record<string, unknown>;

export function channelReadyPatch(extras: Extras = {}) {
  return {
    running: true as const,
    connected: true as const,
    lifecycle: "ready" as const,
    lastConnectedAt: Date.now(),
    lastError: null,
    terminalDisconnect: undefined,
    ...extras,
  };
}

export function channelBlockedPatch(lastError: string, extras: Extras = {}) {
  return { lifecycle: "blocked" as const, terminalDisconnect: true as const, lastError, ...extras };
}

export function channelStoppedPatch(extras: Extras = {}) {
  return { running: false as const, connected: false as const, lifecycle: "stopped" as const, ...extras };
}

export function createTransportActivityStatusPatch(at: number = Date.now()) {
  return { lastTransportActivityAt: at };
}

/** @deprecated {@link channelReadyPatch}, which says that the account runs as well */
export function createConnectedChannelStatusPatch(at: number = Date.now()) {
  return { connected: true as const, lastConnectedAt: at, lastEventAt: at };
}
