/**
 * What a manifest says of tools, media, decisions and transcripts (spec 1.12): enough to offer them, or not, before
 * the plugin runs.
 */

/** True when the settings below `rootPath` hold what is named; has `required`, `requiredAny` or `mode`. */
export interface ManifestConfigSignal {
  /** Dotted config path of the settings that are looked at. */
  readonly rootPath: string;
  /** Settings below the root that go over it. */
  readonly overlayPath?: string;
  /** Map below the root whose every value is one overlay, such as `accounts`. */
  readonly overlayMapPath?: string;
  readonly required?: readonly string[];
  readonly requiredAny?: readonly string[];
  readonly mode?: {
    readonly path: string;
    readonly default?: string;
    readonly allowed?: readonly string[];
    readonly disallowed?: readonly string[];
  };
}

/** True when there is a key for `provider`, and, if said, its address is one of the allowed. */
export interface ManifestAuthSignal {
  readonly provider: string;
  readonly providerBaseUrl?: {
    readonly provider: string;
    readonly defaultBaseUrl?: string;
    readonly allowedBaseUrls: readonly string[];
  };
}

/** Signs that something is set up; one that is true is enough. */
export interface ManifestSignals {
  readonly configSignals: readonly ManifestConfigSignal[];
  readonly authSignals: readonly ManifestAuthSignal[];
}

export type ToolProfile = "minimal" | "coding" | "messaging" | "full";

export interface ManifestToolMetadata extends ManifestSignals {
  readonly optional?: boolean;
  readonly profiles?: readonly ToolProfile[];
  readonly replaySafe?: boolean;
  readonly sideEffecting?: boolean;
}

export type MediaCapability = "image" | "audio" | "video";

export interface ManifestMediaUnderstanding {
  readonly capabilities: readonly MediaCapability[];
  readonly defaultModels: { readonly [Capability in MediaCapability]?: string };
  /** Lower is tried first when nobody chose a provider. */
  readonly autoPriority: { readonly [Capability in MediaCapability]?: number };
  readonly nativeDocumentInputs: readonly "pdf"[];
  readonly documentModels?: {
    readonly pdf?: { readonly textExtraction?: string; readonly image?: string | false };
  };
}

/** A provider of images, video or music. */
export interface ManifestGenerationProvider extends ManifestSignals {
  readonly aliases: readonly string[];
  /** Model providers whose key it may use. */
  readonly authProviders: readonly string[];
  readonly referenceAudioInputs?: boolean;
}

export interface ManifestDecisionModel {
  /** One of `contracts.decisionProviders`. */
  readonly provider: string;
  readonly id: string;
  readonly name?: string;
}

type Need = "required" | "optional";

export interface ManifestTranscriptSource {
  readonly name?: string;
  /** What has to be known to start by itself. */
  readonly autoStart?: {
    readonly accountId?: Need;
    readonly guildId?: Need;
    readonly channelId?: Need;
    readonly meetingUrl?: Need;
  };
}

/** Everything a manifest says of capabilities; empty parts where it says nothing. Maps are by provider. */
export interface ManifestCapabilityMetadata {
  readonly mediaUnderstanding: Readonly<Record<string, ManifestMediaUnderstanding>>;
  readonly imageGeneration: Readonly<Record<string, ManifestGenerationProvider>>;
  readonly videoGeneration: Readonly<Record<string, ManifestGenerationProvider>>;
  readonly musicGeneration: Readonly<Record<string, ManifestGenerationProvider>>;
  readonly decisionModels: readonly ManifestDecisionModel[];
  /** Only of providers in `contracts.transcriptSourceProviders`. */
  readonly transcriptSources: Readonly<Record<string, ManifestTranscriptSource>>;
}
