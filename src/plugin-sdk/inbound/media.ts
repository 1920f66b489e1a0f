/** Attachments of an inbound message. */

export interface MediaFact {
  path?: string;
  url?: string;
  contentType?: string;
  kind?: string;
  fileName?: string;
  sizeBytes?: number;
  durationMs?: number;
  width?: number;
  height?: number;
  transcribed?: boolean;
  messageId?: string;
}

type MediaInput = { [Key in keyof MediaFact]?: MediaFact[Key] | null };

export function mediaKindOf(contentType: string | undefined): string | undefined {
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "") return undefined;
  const family = type.split("/")[0] as string;
  return family === "image" || family === "audio" || family === "video" ? family : "document";
}

export function toInboundMediaFacts(
  media: readonly MediaInput[] | null | undefined,
  defaults: {
    kind?: string;
    messageId?: string;
    transcribed?(media: MediaInput, index: number): boolean;
  } = {},
): MediaFact[] {
  return (media ?? []).map((input, index) => {
    const given = Object.fromEntries(
      Object.entries(input).filter(([, value]) => value !== null && value !== undefined && value !== ""),
    ) as MediaFact;
    const kind = given.kind ?? defaults.kind ?? mediaKindOf(given.contentType);
    const transcribed = given.transcribed ?? defaults.transcribed?.(input, index);
    const messageId = given.messageId ?? defaults.messageId;
    return {
      ...given,
      ...(kind === undefined ? {} : { kind }),
      ...(transcribed ? { transcribed } : {}),
      ...(messageId === undefined ? {} : { messageId }),
    };
  });
}

/** Attachments as a group's history keeps them: what can be shown again, and to which message it belongs. */
export function toHistoryMediaEntries(
  media: readonly MediaInput[] | null | undefined,
  defaults: { messageId?: string; limit?: number } = {},
): MediaFact[] {
  const facts = toInboundMediaFacts(
    media,
    defaults.messageId === undefined ? {} : { messageId: defaults.messageId },
  );
  return facts
    .filter((fact) => fact.path !== undefined || fact.url !== undefined || fact.kind !== undefined)
    .slice(0, defaults.limit ?? facts.length);
}

/** The facts; measuring a file is left to the host, which does it where it needs the numbers. */
export async function toInboundMediaFactsWithMetadata(
  media: readonly MediaInput[] | null | undefined,
  defaults?: Parameters<typeof toInboundMediaFacts>[1],
): Promise<MediaFact[]> {
  return toInboundMediaFacts(media, defaults);
}

/** The older parallel fields of a message context. */
export function buildChannelInboundMediaPayload(media: readonly MediaFact[] | null | undefined) {
  const facts = media ?? [];
  const texts = (key: "path" | "url" | "contentType") =>
    facts.map((fact) => fact[key]).filter((value): value is string => value !== undefined);
  const [paths, urls, types] = [texts("path"), texts("url"), texts("contentType")];
  return {
    media: [...facts],
    ...(paths[0] === undefined ? {} : { MediaPath: paths[0], MediaPaths: paths }),
    ...((urls[0] ?? paths[0]) === undefined
      ? {}
      : { MediaUrl: urls[0] ?? paths[0], MediaUrls: urls.length > 0 ? urls : paths }),
    ...(types[0] === undefined ? {} : { MediaType: types[0], MediaTypes: types }),
  };
}

/**
 * The same from files alone, without the facts. With `preserveMediaTypeCardinality` there is a type for every file,
 * empty where nobody knows it.
 */
export function buildAgentMediaPayload(
  files: readonly { path: string; contentType?: string | null }[],
  options: { preserveMediaTypeCardinality?: boolean } = {},
) {
  const known = files.map(({ path, contentType }) => ({ path, ...(contentType ? { contentType } : {}) }));
  const { media: _facts, ...payload } = buildChannelInboundMediaPayload(known);
  return options.preserveMediaTypeCardinality && files.length > 0
    ? { ...payload, MediaTypes: files.map(({ contentType }) => contentType ?? "") }
    : payload;
}

/** `<media:image> (2 images)` in place of a text that is not there. */
export function formatMediaPlaceholderText(
  media: readonly { kind?: string | null; contentType?: string | null }[],
): string {
  if (media.length === 0) return "";
  const kinds = media.map((fact) => fact.kind ?? mediaKindOf(fact.contentType ?? undefined) ?? "attachment");
  const kind = kinds.every((each) => each === kinds[0]) ? (kinds[0] as string) : "attachment";
  return media.length === 1 ? `<media:${kind}>` : `<media:${kind}> (${media.length} ${kind}s)`;
}

/** The text of a message whose attachment could not be fetched. */
export function formatInboundMediaUnavailableText(params: { body?: string | null; notice: string }): string {
  const body = params.body?.trim();
  return body ? `${body}\n\n${params.notice}` : params.notice;
}

export interface ChannelLocation {
  latitude: number;
  longitude: number;
  accuracy?: number;
  name?: string;
  address?: string;
  isLive?: boolean;
  source?: string;
  caption?: string;
}

export function formatLocationText(location: ChannelLocation): string {
  const point = `${location.latitude.toFixed(6)}, ${location.longitude.toFixed(6)}`;
  const accuracy = location.accuracy === undefined ? "" : ` ±${Math.round(location.accuracy)}m`;
  const place = [location.name, location.address].filter(Boolean).join(", ");
  const kind = location.isLive ? "Live location: " : "";
  return `${kind}${place ? `${place} (${point}${accuracy})` : `${point}${accuracy}`}`;
}

export function toLocationContext(location: ChannelLocation) {
  return {
    LocationLat: location.latitude,
    LocationLon: location.longitude,
    LocationAccuracy: location.accuracy,
    LocationName: location.name,
    LocationAddress: location.address,
    LocationSource: location.source ?? (location.isLive ? "live" : location.name ? "place" : "pin"),
    LocationIsLive: location.isLive ?? false,
    LocationCaption: location.caption,
  };
}
