import { providerLookup } from "./registered.ts";

const TRANSCRIPTION = providerLookup("realtimeTranscriptionProvider");
export const listRealtimeTranscriptionProviders = TRANSCRIPTION.list;
export const getRealtimeTranscriptionProvider = TRANSCRIPTION.get;
export const canonicalizeRealtimeTranscriptionProviderId = TRANSCRIPTION.canonicalize;

const SPEECH = providerLookup("speechProvider");
export const listSpeechProviders = SPEECH.list;
export const getSpeechProvider = SPEECH.get;
export const canonicalizeSpeechProviderId = SPEECH.canonicalize;

const TRANSCRIPTS = providerLookup("transcriptSourceProvider");
export const listTranscriptSourceProviders = TRANSCRIPTS.list;
export const getTranscriptSourceProvider = TRANSCRIPTS.get;

const IMAGES = providerLookup("imageGenerationProvider");
export const listImageGenerationProviders = IMAGES.list;
export const getImageGenerationProvider = IMAGES.get;
