import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../kernel/clock.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { ActivatePlugins, RegistryEntry, RegistryReader } from "../../plugins/types.ts";
import { inOrder, type ProviderAttempt, providerNamed, sectionAt, textAt } from "../provider-choice.ts";

/** Longest text one call speaks (spec 2.10). */
export const MAX_SPEECH_CHARS = 4_096;
export const DEFAULT_SPEECH_TIMEOUT_MS = 30_000;
/** Spoken files are for sending at once; a later call removes what is older than this. */
export const SPEECH_FILE_LIFETIME_MS = 3_600_000;

type Config = Readonly<Record<string, unknown>>;

/** The members of a speech provider that the host calls (spec 2.9). */
export interface SpeechProviderMembers {
  id: string;
  label: string;
  aliases?: string[];
  autoSelectOrder?: number;
  defaultTimeoutMs?: number;
  voices?: readonly string[];
  resolveConfig?(context: { cfg: Config; rawConfig: Config; timeoutMs: number }): Config;
  isConfigured(context: { cfg: Config; providerConfig: Config; timeoutMs: number }): boolean;
  synthesize(request: SpeechRequest & { target: string }): Promise<{
    audioBuffer: Uint8Array;
    outputFormat: string;
    fileExtension: string;
    voiceCompatible: boolean;
  }>;
  synthesizeTelephony?(
    request: SpeechRequest,
  ): Promise<{ audioBuffer: Uint8Array; outputFormat: string; sampleRate: number }>;
  listVoices?(context: object): Promise<readonly SpeechVoice[]>;
}

interface SpeechRequest {
  text: string;
  cfg: Config;
  providerConfig: Config;
  providerOverrides?: unknown;
  timeoutMs: number;
}

export interface SpeechVoice {
  id: string;
  name?: string;
  [extra: string]: unknown;
}

export interface SpeechParams {
  text: string;
  cfg?: Config;
  /** `provider` chooses for this call; the rest goes to the provider. */
  overrides?: { provider?: string; [key: string]: unknown };
  disableFallback?: boolean;
  timeoutMs?: number;
  /** Default `audio-file`. */
  target?: "audio-file" | "voice-note";
}

export interface SpeechOutcome {
  success: boolean;
  error?: string;
  provider?: string;
  /** The provider that was asked first and failed. */
  fallbackFrom?: string;
  attempts: readonly ProviderAttempt[];
  outputFormat?: string;
}

/** `api.runtime.tts` (spec 4.7). A synthesis that fails is an answer, not an exception. */
export interface PluginRuntimeTts {
  textToSpeech(
    params: SpeechParams,
  ): Promise<SpeechOutcome & { audioPath?: string; voiceCompatible?: boolean; target?: string }>;
  textToSpeechTelephony(
    params: SpeechParams,
  ): Promise<SpeechOutcome & { audioBuffer?: Buffer; sampleRate?: number }>;
  /** @throws SluiceError `PROVIDER_UNKNOWN` */
  listVoices(params: {
    provider: string;
    cfg?: Config;
    [extra: string]: unknown;
  }): Promise<readonly SpeechVoice[]>;
}

export interface SpeechRooms {
  registry: RegistryReader;
  config: { current(): { config: Config } };
  clock: Clock;
  stateDir: string;
  /** Providers may wait for their first use; without it all of them are there. */
  activate?: ActivatePlugins;
}

/**
 * The host chooses among speech providers (spec 2.10): the one the call or the configuration names, then
 * every configured one by `autoSelectOrder`. What a provider does with a text is its own affair.
 */
export function ttsNamespace(rooms: SpeechRooms): PluginRuntimeTts {
  return {
    async textToSpeech(params) {
      const target = params.target ?? "audio-file";
      const spoken = await firstToSpeak(rooms, params, ({ synthesize }, request) =>
        synthesize({ ...request, target }),
      );
      if (!spoken.result) return spoken.outcome;
      const { audioBuffer, fileExtension, voiceCompatible } = spoken.result;
      const audioPath = await keepFile(rooms, audioBuffer, fileExtension);
      return { ...spoken.outcome, audioPath, voiceCompatible: voiceCompatible === true, target };
    },
    async textToSpeechTelephony(params) {
      const spoken = await firstToSpeak(rooms, params, ({ synthesizeTelephony }, request) =>
        synthesizeTelephony?.(request),
      );
      if (!spoken.result) return spoken.outcome;
      const { audioBuffer, sampleRate } = spoken.result;
      return { ...spoken.outcome, audioBuffer: Buffer.from(audioBuffer), sampleRate };
    },
    async listVoices({ provider, cfg, ...extra }) {
      await rooms.activate?.({ kind: "contract", contract: "speechProviders" });
      const config = cfg ?? rooms.config.current().config;
      const entry = providerNamed(speakers(rooms), provider);
      if (!entry) throw unknownProvider(provider);
      const { value } = entry;
      const { providerConfig, timeoutMs } = settingsOf(entry, config);
      const listed = await value.listVoices?.({ cfg: config, providerConfig, timeoutMs, ...extra });
      return listed ?? (value.voices ?? []).map((id) => ({ id }));
    },
  };
}

type Entry = RegistryEntry<SpeechProviderMembers>;

function speakers({ registry }: SpeechRooms): readonly Entry[] {
  return registry.current().list<SpeechProviderMembers>("speechProvider");
}

async function firstToSpeak<T extends { audioBuffer: Uint8Array; outputFormat: string }>(
  rooms: SpeechRooms,
  params: SpeechParams,
  speak: (provider: SpeechProviderMembers, request: SpeechRequest) => Promise<T> | undefined,
): Promise<{ outcome: SpeechOutcome; result?: T }> {
  const cfg = params.cfg ?? rooms.config.current().config;
  const attempts: ProviderAttempt[] = [];
  const failed = (error: string) => ({ outcome: { success: false, error, attempts } });
  const text = typeof params.text === "string" ? params.text.trim() : "";
  if (text === "") return failed("there is no text to speak");
  if (text.length > MAX_SPEECH_CHARS) {
    return failed(`the text has ${text.length} characters; at most ${MAX_SPEECH_CHARS} are spoken at once`);
  }
  await rooms.activate?.({ kind: "contract", contract: "speechProviders" });
  const chosen = params.overrides?.provider ?? textAt(speechSection(cfg), "provider");
  const named = chosen === undefined ? undefined : providerNamed(speakers(rooms), chosen);
  if (chosen !== undefined && !named) {
    attempts.push({ provider: chosen, outcome: "skipped", reason: "no plugin registers it" });
  }
  const others = inOrder(speakers(rooms), (value) => value.autoSelectOrder).filter((one) => one !== named);
  const alone = params.disableFallback === true && chosen !== undefined;
  for (const entry of [...(named ? [named] : []), ...(alone ? [] : others)]) {
    const { value } = entry;
    const { providerConfig, timeoutMs: usual } = settingsOf(entry, cfg);
    const timeoutMs = params.timeoutMs ?? usual;
    try {
      if (!value.isConfigured({ cfg, providerConfig, timeoutMs })) {
        attempts.push({ provider: value.id, outcome: "skipped", reason: "not configured" });
        continue;
      }
      const { provider: _chosen, ...overrides } = params.overrides ?? {};
      const work = speak(value, { text, cfg, providerConfig, providerOverrides: overrides, timeoutMs });
      if (!work) {
        attempts.push({ provider: value.id, outcome: "skipped", reason: "it can not do this" });
        continue;
      }
      const result = await withDeadline(work, timeoutMs, `speech by ${value.id}`, rooms.clock);
      if (!result?.audioBuffer || result.audioBuffer.byteLength === 0) throw new Error("it gave no audio");
      const first = attempts.find(({ outcome }) => outcome === "failed")?.provider;
      attempts.push({ provider: value.id, outcome: "success" });
      return {
        result,
        outcome: {
          success: true,
          provider: value.id,
          outputFormat: result.outputFormat,
          attempts,
          ...(first === undefined ? {} : { fallbackFrom: first }),
        },
      };
    } catch (error) {
      attempts.push({ provider: value.id, outcome: "failed", reason: errorMessage(error) });
      if (params.disableFallback === true) break;
    }
  }
  const tried = attempts.map(({ provider, reason }) => `${provider}: ${reason}`).join("; ");
  return failed(tried === "" ? "no speech provider is registered; enable a plugin that offers one" : tried);
}

/** `tts`, or the older `messages.tts`. */
function speechSection(cfg: Config): Config {
  return "tts" in cfg ? sectionAt(cfg, "tts") : sectionAt(cfg, "messages", "tts");
}

function settingsOf({ value }: Entry, cfg: Config): { providerConfig: Config; timeoutMs: number } {
  const section = speechSection(cfg);
  const stated = section["timeoutMs"];
  const timeoutMs =
    typeof stated === "number" && stated > 0 ? stated : (value.defaultTimeoutMs ?? DEFAULT_SPEECH_TIMEOUT_MS);
  const rawConfig = { ...sectionAt(section, value.id), ...sectionAt(section, "providers", value.id) };
  return { providerConfig: value.resolveConfig?.({ cfg, rawConfig, timeoutMs }) ?? rawConfig, timeoutMs };
}

async function keepFile(
  { stateDir, clock }: SpeechRooms,
  audio: Uint8Array,
  extension: string,
): Promise<string> {
  const folder = join(stateDir, "media", "tts");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await sweep(folder, clock.now() - SPEECH_FILE_LIFETIME_MS);
  const suffix = /^\.?([a-z0-9]{1,8})$/i.exec(extension ?? "")?.[1] ?? "bin";
  const path = join(folder, `${newUuid()}.${suffix}`);
  await writeFile(path, audio, { mode: 0o600, flag: "wx" });
  return path;
}

async function sweep(folder: string, before: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: before }));
    if (mtimeMs < before) await rm(path, { force: true });
  }
}

function unknownProvider(provider: string): SluiceError {
  return new SluiceError(
    "PROVIDER_UNKNOWN",
    `no plugin registers the speech provider "${provider}"; enable its plugin`,
    {
      details: { provider },
    },
  );
}
