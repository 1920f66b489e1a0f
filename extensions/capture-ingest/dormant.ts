import { access } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError, systemClock } from "sluice/plugin-sdk/foundation";
import type { CaptureConfig } from "./config.ts";
import type { RouteFace } from "./http/routes.ts";
import { keyFileOf } from "./keys/key-files.ts";
import { KeyRing } from "./keys/key-ring.ts";
import { Turnstile } from "./turnstile.ts";

/** True while there is no key and never was an entry: nothing to serve and nothing to recover. */
export async function unused(config: CaptureConfig, stateDir: string): Promise<boolean> {
  if (config.keys.length > 0) return false;
  const ledger = access(join(stateDir, "capture", "ingest.sqlite"));
  const there = await ledger.then(
    () => true,
    () => false,
  );
  return !there && (await keyFileOf(stateDir).read()).length === 0;
}

/** Knows no key, so that every request ends with 401. */
export function dormantFace(config: CaptureConfig): RouteFace {
  const never = () => {
    throw new SluiceError("CAPTURE_STARTING", "capture is not running", { retryable: true });
  };
  return {
    clock: systemClock,
    config,
    turnstile: new Turnstile(),
    keyRing: async () => KeyRing.of([], []),
    manifest: () => undefined,
    store: async () => never(),
    listPlugins: async () => never(),
    notice() {},
  };
}
