import type { PluginRoot } from "./culprit.ts";

/** The event loop counts as held when the main thread gives no sign of life for this long. */
export const HOLD_LIMIT_MS = 1_000;
/** How often the main thread gives a sign of life, and how often the watching thread looks for it. */
export const BEAT_MS = 250;

/** Who holds, or held, the event loop. */
export interface Hold {
  /** Absent when no plugin's code was running. */
  readonly pluginId?: string;
  /** Function and address of the innermost frame of the plugin, or of all frames. */
  readonly place: string;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
}

export interface WatchSeed {
  /** One 32-bit counter that the main thread increases. */
  readonly beats: SharedArrayBuffer;
  /** Written while the loop is held: what is left of a gateway that had to be killed. */
  readonly recordFile: string;
  /** The gateway's log; the line is added by the watching thread, because nobody else can. */
  readonly logFile: string;
  readonly roots: readonly PluginRoot[];
}

export type ToWatcher = { readonly roots: readonly PluginRoot[] };
/** Told when the loop runs again. */
export type FromWatcher = { readonly hold: Hold; readonly heldMs: number };
