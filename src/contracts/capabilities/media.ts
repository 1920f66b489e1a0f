import type { Identified, LabelledProvider } from "./identity.ts";

/** Text to speech (spec 3.3). */
export interface SpeechProvider extends LabelledProvider {
  isConfigured(context: never): boolean;
  synthesize(request: never): Promise<unknown>;
}

/** Describes images, audio and video (spec 3.3). Without `capabilities` its methods tell what it can. */
export interface MediaUnderstandingProvider extends Identified {
  capabilities?: ("image" | "audio" | "video")[];
}

/** A source of meeting transcripts (spec 3.3). */
export interface TranscriptSourceProvider extends Identified {
  name: string;
  sourceKinds: ("live-audio" | "live-caption" | "posthoc-transcript" | "recording-stt")[];
}

/** Fetches pages or searches the web, and tells where its key is kept (spec 3.3). */
export interface WebProvider extends LabelledProvider {
  hint: string;
  envVars: string[];
  placeholder: string;
  signupUrl: string;
  credentialPath: string;
  getCredentialValue(config: never): unknown;
  setCredentialValue(target: never, value: unknown): void;
  createTool(context: never): {
    description: string;
    parameters: object;
    execute(args: never, context?: never): Promise<unknown>;
  } | null;
}

/** Makes vectors of texts (spec 3.3). */
export interface EmbeddingProviderAdapter extends Identified {
  create(options: never): unknown;
  defaultModel?: string;
  transport?: "local" | "remote";
  authProviderId?: string;
}
