import { OPENAI_BASE_URL, textOf } from "../endpoints.ts";

/** Settings of a realtime session, as the feature that opens it has them configured. */
export type RealtimeSettings = Readonly<Record<string, unknown>>;
type Config = Readonly<Record<string, unknown>> | undefined;

/** Where a session is opened, and with which key. */
export interface RealtimeEndpoint {
  /** `ws://` or `wss://`, without a path of its own. */
  url: string;
  apiKey: string | undefined;
}

/**
 * Stated in the settings, else as the provider `openai` is configured, else the environment. The address is the
 * one of the HTTP interface; the session's lies below it.
 */
export function realtimeEndpoint(
  settings: RealtimeSettings,
  config: Config,
  env: Readonly<Record<string, string | undefined>> = process.env,
): RealtimeEndpoint {
  const models = config?.["models"] as { providers?: Record<string, Record<string, unknown>> } | undefined;
  const row = models?.providers?.["openai"] ?? {};
  const base =
    textOf(settings["baseUrl"]) ??
    textOf(row["baseUrl"]) ??
    textOf(env["OPENAI_BASE_URL"]) ??
    OPENAI_BASE_URL;
  return {
    url: `${base.replace(/\/+$/, "").replace(/^http/, "ws")}/realtime`,
    apiKey: textOf(settings["apiKey"]) ?? textOf(row["apiKey"]) ?? textOf(env["OPENAI_API_KEY"]),
  };
}

/** A number of the settings within its bounds; `undefined` when there is none. */
export function numberOf(value: unknown, least: number, most: number): number | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  return Math.min(most, Math.max(least, value));
}

/** When the server says that somebody has finished speaking. */
export function turnDetection(settings: RealtimeSettings): Record<string, unknown> {
  const threshold = numberOf(settings["vadThreshold"], 0, 1);
  const silence = numberOf(settings["silenceDurationMs"], 0, 10_000);
  const padding = numberOf(settings["prefixPaddingMs"], 0, 10_000);
  return {
    type: "server_vad",
    ...(threshold === undefined ? {} : { threshold }),
    ...(silence === undefined ? {} : { silence_duration_ms: silence }),
    ...(padding === undefined ? {} : { prefix_padding_ms: padding }),
  };
}

/** A format of sound as this protocol names it; µ-law unless PCM16 is stated. */
export function wireFormat(encoding: unknown): { type: string; rate?: number } {
  return encoding === "pcm16" ? { type: "audio/pcm", rate: 24_000 } : { type: "audio/pcmu" };
}
