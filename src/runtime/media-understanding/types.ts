import type { Clock } from "../../kernel/clock.ts";
import type { ActivatePlugins, RegistryEntry, RegistryReader } from "../../plugins/types.ts";
import type { ProviderAttempt } from "../provider-choice.ts";

export type Config = Readonly<Record<string, unknown>>;

export type MediaCapability = "image" | "audio" | "video";

interface Understood {
  text?: string;
  model?: string;
}

type Request = Record<string, unknown>;

/** The members of a media understanding provider that the host calls (spec 2.9). */
export interface MediaUnderstandingMembers {
  id: string;
  aliases?: string[];
  capabilities?: readonly MediaCapability[];
  defaultModels?: Partial<Record<MediaCapability, string>>;
  autoPriority?: Partial<Record<MediaCapability, number>>;
  resolveAuth?(context: Request): { kind: "none" | "api-key"; apiKey?: string } | null | undefined;
  describeImage?(request: Request): Promise<Understood>;
  transcribeAudio?(request: Request): Promise<Understood>;
  describeVideo?(request: Request): Promise<Understood>;
  extractStructured?(request: Request): Promise<Understood & { parsed?: unknown; contentType?: string }>;
}

/** A registered provider. */
export type UnderstandingEntry = RegistryEntry<MediaUnderstandingMembers>;

export interface UnderstandFileParams {
  filePath: string;
  cfg?: Config;
  mime?: string;
  prompt?: string;
  language?: string;
  agentDir?: string;
  timeoutMs?: number;
  [extra: string]: unknown;
}

export interface UnderstandingResult {
  /** Undefined when there is nothing to say: disabled, too large, nothing configured, all failed. */
  text: string | undefined;
  provider?: string;
  model?: string;
  decision: { capability?: MediaCapability; reason?: string; attempts: readonly ProviderAttempt[] };
}

export interface ExtractParams {
  provider: string;
  model: string;
  input: readonly { type: string; [key: string]: unknown }[];
  instructions: string;
  schemaName?: string;
  jsonSchema?: object;
  cfg?: Config;
  agentDir?: string;
  timeoutMs?: number;
  [extra: string]: unknown;
}

/** `api.runtime.mediaUnderstanding` (spec 4.8). */
export interface PluginRuntimeMediaUnderstanding {
  describeImageFile(params: UnderstandFileParams): Promise<UnderstandingResult>;
  transcribeAudioFile(params: UnderstandFileParams): Promise<UnderstandingResult>;
  describeVideoFile(params: UnderstandFileParams): Promise<UnderstandingResult>;
  /** The kind is taken from the file when `capability` is not given. */
  runFile(params: UnderstandFileParams & { capability?: MediaCapability }): Promise<UnderstandingResult>;
  /** @throws SluiceError `INPUT_WITHOUT_IMAGE`, `PROVIDER_UNKNOWN`, `PROVIDER_CANNOT`, `ANSWER_INVALID` */
  extractStructuredWithModel(params: ExtractParams): Promise<{
    text: string;
    parsed?: unknown;
    provider: string;
    model: string;
    contentType: string;
  }>;
}

export interface MediaUnderstandingRooms {
  registry: RegistryReader;
  config: { current(): { config: Config } };
  models: { apiKeyFor(provider: string): { apiKey?: string | undefined } | undefined };
  clock: Clock;
  /** Providers may wait for their first use; without it all of them are there. */
  activate?: ActivatePlugins;
}

/** Where a manifest names its providers, so that they are found before their plugin is loaded. */
export const UNDERSTANDING_CONTRACT = "mediaUnderstandingProviders";

export const DEFAULT_UNDERSTANDING_TIMEOUT_MS = 60_000;
