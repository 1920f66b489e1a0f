import { isRefused, readIdentified } from "../checks.ts";
import {
  type Accepted,
  type CapabilityType,
  type KindRow,
  malformed,
  type Refused,
  type Registrant,
} from "../row.ts";

interface MediaKind {
  kind: string;
  method: string;
  summary: string;
  spec: string;
  features: readonly string[];
  capability: CapabilityType;
  functions?: readonly string[];
  present?: readonly string[];
  /** The value may be a synchronous factory. */
  factory?: boolean;
  check?(value: Record<string, unknown>): string | undefined;
}

function mediaKind({ functions, present, factory, check, ...row }: MediaKind): KindRow {
  return {
    ...row,
    scope: "global",
    again: "error",
    read: ([given], registrant) => {
      const value = factory && typeof given === "function" ? callFactory(given, registrant) : given;
      const read = readIdentified(value, {
        noun: row.summary,
        caseInsensitive: true,
        ...(functions ? { functions } : {}),
        ...(present ? { present } : {}),
      });
      if (isRefused(read)) return read;
      const problem = check?.(value as Record<string, unknown>);
      return problem ? malformed(`${row.method} "${read.keys[0]}": ${problem}`) : read;
    },
  };
}

function callFactory(factory: unknown, { id, config, pluginConfig }: Registrant): unknown {
  return (factory as (context: object) => unknown)({ pluginId: id, config, pluginConfig });
}

const listOf =
  (known: readonly string[], field: string, required: boolean) => (value: Record<string, unknown>) => {
    const list = value[field];
    if (list === undefined) return required ? `"${field}" is required` : undefined;
    const valid = Array.isArray(list) && list.length > 0 && list.every((item) => known.includes(item));
    return valid ? undefined : `"${field}" must name at least one of ${known.join(", ")}`;
  };

const WEB_FUNCTIONS = ["getCredentialValue", "setCredentialValue", "createTool"];
const WEB_PRESENT = ["label", "hint", "envVars", "placeholder", "signupUrl", "credentialPath"];

/** Speech, understanding, generation, web and embedding providers. */
export const mediaKinds: readonly KindRow[] = [
  mediaKind({
    kind: "speechProvider",
    method: "registerSpeechProvider",
    summary: "Text to speech",
    spec: "3.3.5",
    features: ["F037"],
    capability: "speech",
    present: ["label"],
    functions: ["isConfigured", "synthesize"],
    factory: true,
  }),
  mediaKind({
    kind: "realtimeTranscriptionProvider",
    method: "registerRealtimeTranscriptionProvider",
    summary: "Streaming transcription",
    spec: "3.3.5",
    features: ["F038"],
    capability: "realtime-transcription",
    present: ["label"],
    functions: ["isConfigured", "createSession"],
    factory: true,
  }),
  mediaKind({
    kind: "realtimeVoiceProvider",
    method: "registerRealtimeVoiceProvider",
    summary: "Duplex realtime voice sessions",
    spec: "3.3.5",
    features: ["F039"],
    capability: "realtime-voice",
    present: ["label"],
    functions: ["isConfigured", "createBridge"],
    factory: true,
  }),
  mediaKind({
    kind: "mediaUnderstandingProvider",
    method: "registerMediaUnderstandingProvider",
    summary: "Analysis of images, audio and video",
    spec: "3.3.6",
    features: ["F040"],
    capability: "media-understanding",
    check: listOf(["image", "audio", "video"], "capabilities", false),
  }),
  mediaKind({
    kind: "transcriptSourceProvider",
    method: "registerTranscriptSourceProvider",
    summary: "A source of meeting transcripts",
    spec: "3.3.6",
    features: ["F041"],
    capability: "transcript-source",
    present: ["name"],
    check: listOf(["live-audio", "live-caption", "posthoc-transcript", "recording-stt"], "sourceKinds", true),
  }),
  mediaKind({
    kind: "imageGenerationProvider",
    method: "registerImageGenerationProvider",
    summary: "Image generation",
    spec: "3.3.7",
    features: ["F042"],
    capability: "image-generation",
    present: ["capabilities"],
    functions: ["generateImage"],
  }),
  mediaKind({
    kind: "videoGenerationProvider",
    method: "registerVideoGenerationProvider",
    summary: "Video generation",
    spec: "3.3.7",
    features: ["F044"],
    capability: "video-generation",
    present: ["capabilities"],
    functions: ["generateVideo"],
  }),
  mediaKind({
    kind: "musicGenerationProvider",
    method: "registerMusicGenerationProvider",
    summary: "Music generation",
    spec: "3.3.7",
    features: ["F043"],
    capability: "music-generation",
    present: ["capabilities"],
    functions: ["generateMusic"],
  }),
  mediaKind({
    kind: "webSearchProvider",
    method: "registerWebSearchProvider",
    summary: "Web search",
    spec: "3.3.8",
    features: ["F046"],
    capability: "web-search",
    present: WEB_PRESENT,
    functions: WEB_FUNCTIONS,
  }),
  mediaKind({
    kind: "webFetchProvider",
    method: "registerWebFetchProvider",
    summary: "Web fetch and scraping",
    spec: "3.3.8",
    features: ["F045"],
    capability: "web-fetch",
    present: WEB_PRESENT,
    functions: WEB_FUNCTIONS,
  }),
  {
    kind: "embeddingProvider",
    method: "registerEmbeddingProvider",
    summary: "Vector embeddings, usable by memory search and others",
    spec: "3.3.4",
    features: ["F035", "F048"],
    scope: "global",
    again: "error",
    capability: "embedding",
    contract: { key: "embeddingProviders", names: idOf },
    read: ([value]) => readEmbedding(value),
  },
  {
    kind: "memoryEmbeddingProvider",
    method: "registerMemoryEmbeddingProvider",
    summary: "Deprecated: vector embeddings for memory search only",
    spec: "3.3.4",
    features: ["F050"],
    scope: "global",
    again: "error",
    capability: "embedding",
    contract: { key: "memoryEmbeddingProviders", or: ["embeddingProviders"], names: idOf },
    read: ([value], registrant) => {
      const read = readEmbedding(value);
      if (isRefused(read) || registrant.origin === "bundled") return read;
      const message = "registerMemoryEmbeddingProvider is deprecated; use registerEmbeddingProvider";
      return { ...read, notes: [{ level: "warn", code: "compat-memory-embedding", message }] };
    },
  },
];

function idOf(value: unknown): readonly string[] {
  return [(value as { id: string }).id];
}

function readEmbedding(value: unknown): Accepted | Refused {
  return readIdentified(value, {
    noun: "embedding provider",
    functions: ["create"],
    optionalFunctions: ["normalizeModel", "resolveIndexIdentity", "formatSetupError"],
  });
}
