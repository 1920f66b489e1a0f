import type {
  ManifestCapabilityMetadata,
  ManifestDecisionModel,
  ManifestGenerationProvider,
  ManifestMediaUnderstanding,
  ManifestToolMetadata,
  ManifestTranscriptSource,
} from "../../contracts/capability-metadata.ts";
import type { ManifestContracts } from "../../contracts/manifest.ts";
import { byKey, choice, defined, filled, flag, isPlain, items, type Plain, text, texts } from "./fields.ts";
import { readSignals } from "./signals.ts";

const MEDIA = ["image", "audio", "video"] as const;
const PROFILES = ["minimal", "coding", "messaging", "full"] as const;
const NEEDS = ["required", "optional"] as const;

/** What a manifest says of media, decisions and transcripts (spec 1.12); `contracts` says what it owns. */
export function readCapabilityMetadata(
  manifest: Plain,
  contracts: ManifestContracts,
): ManifestCapabilityMetadata {
  const deciders = new Set(contracts["decisionProviders"]);
  const transcribers = new Set(contracts["transcriptSourceProviders"]);
  const sources = byKey(manifest["transcriptSources"], readTranscriptSource);
  return {
    mediaUnderstanding: byKey(manifest["mediaUnderstandingProviderMetadata"], readMediaUnderstanding),
    imageGeneration: byKey(manifest["imageGenerationProviderMetadata"], readGeneration),
    videoGeneration: byKey(manifest["videoGenerationProviderMetadata"], readGeneration),
    musicGeneration: byKey(manifest["musicGenerationProviderMetadata"], readGeneration),
    decisionModels: items(manifest["decisionModels"], readDecisionModel).filter(({ provider }) =>
      deciders.has(provider),
    ),
    transcriptSources: Object.fromEntries(Object.entries(sources).filter(([id]) => transcribers.has(id))),
  };
}

export function readToolMetadata(value: unknown): Readonly<Record<string, ManifestToolMetadata>> {
  return byKey(value, (item) =>
    isPlain(item)
      ? {
          ...readSignals(item),
          ...defined({
            optional: flag(item["optional"]),
            profiles: filled(words(item["profiles"], PROFILES)),
            replaySafe: flag(item["replaySafe"]),
            sideEffecting: flag(item["sideEffecting"]),
          }),
        }
      : undefined,
  );
}

function words<Word extends string>(value: unknown, known: readonly Word[]): readonly Word[] {
  return texts(value)
    .map((word) => choice(word, known))
    .filter((word) => word !== undefined);
}

function readMediaUnderstanding(item: unknown): ManifestMediaUnderstanding | undefined {
  if (!isPlain(item)) return undefined;
  const models = isPlain(item["defaultModels"]) ? item["defaultModels"] : {};
  const priorities = isPlain(item["autoPriority"]) ? item["autoPriority"] : {};
  return {
    capabilities: words(item["capabilities"], MEDIA),
    defaultModels: defined({
      image: text(models["image"]),
      audio: text(models["audio"]),
      video: text(models["video"]),
    }),
    autoPriority: defined({
      image: finite(priorities["image"]),
      audio: finite(priorities["audio"]),
      video: finite(priorities["video"]),
    }),
    nativeDocumentInputs: words(item["nativeDocumentInputs"], ["pdf"]),
    ...defined({ documentModels: readDocumentModels(item["documentModels"]) }),
  };
}

function finite(value: unknown): number | undefined {
  return Number.isFinite(value) ? (value as number) : undefined;
}

function readDocumentModels(value: unknown): ManifestMediaUnderstanding["documentModels"] {
  if (!isPlain(value) || !isPlain(value["pdf"])) return undefined;
  const { textExtraction, image } = value["pdf"];
  return {
    pdf: defined({
      textExtraction: text(textExtraction),
      image: image === false ? (false as const) : text(image),
    }),
  };
}

function readGeneration(item: unknown): ManifestGenerationProvider | undefined {
  if (!isPlain(item)) return undefined;
  return {
    aliases: texts(item["aliases"]),
    authProviders: texts(item["authProviders"]),
    ...readSignals(item),
    ...defined({ referenceAudioInputs: flag(item["referenceAudioInputs"]) }),
  };
}

function readDecisionModel(item: Plain): ManifestDecisionModel | undefined {
  const provider = text(item["provider"]);
  const id = text(item["id"]);
  if (provider === undefined || id === undefined) return undefined;
  return { provider, id, ...defined({ name: text(item["name"]) }) };
}

function readTranscriptSource(item: unknown): ManifestTranscriptSource | undefined {
  if (!isPlain(item)) return undefined;
  const start = item["autoStart"];
  return defined({
    name: text(item["name"]),
    autoStart: isPlain(start)
      ? defined({
          accountId: choice(start["accountId"], NEEDS),
          guildId: choice(start["guildId"], NEEDS),
          channelId: choice(start["channelId"], NEEDS),
          meetingUrl: choice(start["meetingUrl"], NEEDS),
        })
      : undefined,
  });
}
