/** Recording of traffic for debugging, which this host leaves to tools outside it: always off. */

export function resolveDebugProxySettings(): { enabled: false; required: false } {
  return { enabled: false, required: false };
}

export function createDebugProxyWebSocketAgent(_settings: object): undefined {
  return undefined;
}

export function captureWsEvent(_event: object): void {}

export function captureHttpExchange(_exchange: object): void {}

/** The proxy that an account is configured with: no recording takes its place. */
export function resolveEffectiveDebugProxyUrl(configuredProxyUrl?: string | null): string | undefined {
  return configuredProxyUrl?.trim() || undefined;
}

export function isDebugProxyGlobalFetchPatchInstalled(): false {
  return false;
}
