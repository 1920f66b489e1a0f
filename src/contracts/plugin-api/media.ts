import type {
  EmbeddingProviderAdapter,
  Identified,
  LabelledProvider,
  MediaUnderstandingProvider,
  ProviderOrFactory,
  SpeechProvider,
  TranscriptSourceProvider,
  WebProvider,
} from "../capabilities.ts";

/** Providers of speech, pictures, search and other media (spec 3.3). */
export interface MediaApi {
  /**
   * Turns texts into vectors, for memory search and other plugins. Names must be in
   * `contracts.embeddingProviders`.
   */
  registerEmbeddingProvider<Value extends EmbeddingProviderAdapter>(adapter: Value): void;
  /** @deprecated Use `registerEmbeddingProvider`, which memory search reads as well. */
  registerMemoryEmbeddingProvider<Value extends EmbeddingProviderAdapter>(adapter: Value): void;
  /** Text to speech. List its id in `contracts.speechProviders`, and it is found before its plugin is loaded. */
  registerSpeechProvider<Value extends SpeechProvider>(provider: ProviderOrFactory<Value>): void;
  /** Speech to text while it is spoken. List its id in `contracts.realtimeTranscriptionProviders`, and it is found before its plugin is loaded. */
  registerRealtimeTranscriptionProvider<Value extends LabelledProvider>(
    provider: ProviderOrFactory<Value>,
  ): void;
  /** Voice sessions in both directions. List its id in `contracts.realtimeVoiceProviders`, and it is found before its plugin is loaded. */
  registerRealtimeVoiceProvider<Value extends LabelledProvider>(provider: ProviderOrFactory<Value>): void;
  /** Describes images, audio and video. List its id in `contracts.mediaUnderstandingProviders`, and it is found before its plugin is loaded. */
  registerMediaUnderstandingProvider<Value extends MediaUnderstandingProvider>(provider: Value): void;
  /** A source of meeting transcripts. List its id in `contracts.transcriptSourceProviders`, and it is found before its plugin is loaded. */
  registerTranscriptSourceProvider<Value extends TranscriptSourceProvider>(provider: Value): void;
  /** Makes images. List its id in `contracts.imageGenerationProviders`, and it is found before its plugin is loaded. */
  registerImageGenerationProvider<Value extends Identified>(provider: Value): void;
  /** Makes videos. List its id in `contracts.videoGenerationProviders`, and it is found before its plugin is loaded. */
  registerVideoGenerationProvider<Value extends Identified>(provider: Value): void;
  /** Makes music. List its id in `contracts.musicGenerationProviders`, and it is found before its plugin is loaded. */
  registerMusicGenerationProvider<Value extends Identified>(provider: Value): void;
  /** Fetches web pages for agents. List its id in `contracts.webFetchProviders`, and it is found before its plugin is loaded. */
  registerWebFetchProvider<Value extends WebProvider>(provider: Value): void;
  /** Searches the web. List its id in `contracts.webSearchProviders`, and it is found before its plugin is loaded. */
  registerWebSearchProvider<Value extends WebProvider>(provider: Value): void;
}
