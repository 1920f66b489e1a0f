/** What differs between making images, videos and music (spec 2.9, 2.10). */
export interface GenerationKind {
  readonly noun: "image" | "video" | "music";
  /** Kind of the registry. */
  readonly kind: string;
  readonly contract: string;
  /** Below `agents.defaults`. */
  readonly setting: string;
  /** The provider's function. */
  readonly method: string;
  /** Member of its answer that lists what was made. */
  readonly made: "images" | "videos" | "tracks";
  readonly timeoutMs: number;
  /** Options that a provider takes only where its capabilities say so. */
  readonly options: readonly OptionRule[];
}

export interface OptionRule {
  readonly key: string;
  /** Member of the mode's capabilities that must be true; without one a list must name the value. */
  readonly flag?: string;
  /** Member that lists the values it takes, by the mode's capabilities or below `part`. */
  readonly list?: string;
  readonly part?: "geometry" | "output";
}

const SIZES: readonly OptionRule[] = [
  { key: "size", flag: "supportsSize", list: "sizes" },
  { key: "aspectRatio", flag: "supportsAspectRatio", list: "aspectRatios" },
  { key: "resolution", flag: "supportsResolution", list: "resolutions" },
];

export const IMAGE: GenerationKind = {
  noun: "image",
  kind: "imageGenerationProvider",
  contract: "imageGenerationProviders",
  setting: "imageGenerationModel",
  method: "generateImage",
  made: "images",
  timeoutMs: 180_000,
  options: [
    ...SIZES.map((rule) => ({ ...rule, part: "geometry" as const })),
    { key: "quality", list: "qualities", part: "output" },
    { key: "outputFormat", list: "formats", part: "output" },
    { key: "background", list: "backgrounds", part: "output" },
  ],
};

export const VIDEO: GenerationKind = {
  noun: "video",
  kind: "videoGenerationProvider",
  contract: "videoGenerationProviders",
  setting: "videoGenerationModel",
  method: "generateVideo",
  made: "videos",
  timeoutMs: 900_000,
  options: [
    ...SIZES,
    { key: "audio", flag: "supportsAudio" },
    { key: "watermark", flag: "supportsWatermark" },
  ],
};

export const MUSIC: GenerationKind = {
  noun: "music",
  kind: "musicGenerationProvider",
  contract: "musicGenerationProviders",
  setting: "musicGenerationModel",
  method: "generateMusic",
  made: "tracks",
  timeoutMs: 600_000,
  options: [
    { key: "lyrics", flag: "supportsLyrics" },
    { key: "instrumental", flag: "supportsInstrumental" },
    { key: "durationSeconds", flag: "supportsDuration" },
    { key: "format", flag: "supportsFormat", list: "supportedFormats" },
  ],
};
