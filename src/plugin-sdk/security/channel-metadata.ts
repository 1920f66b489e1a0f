import { truncateUtf16Safe } from "../values/text.ts";
import { wrapExternalContent } from "./security.ts";

/** Longest text of a room's description that the model is shown. */
export const CHANNEL_METADATA_MAX_CHARS = 800;
/** Longest single entry of it. */
export const CHANNEL_METADATA_ENTRY_MAX_CHARS = 400;

/**
 * What people wrote about a room (its topic, its purpose) as context for the model, marked as text from
 * outside; `undefined` when there is nothing.
 */
export function buildChannelMetadata(params: {
  source: string;
  label: string;
  entries: ReadonlyArray<string | null | undefined>;
  maxChars?: number;
}): string | undefined {
  const lines = params.entries
    .map((entry) =>
      truncateUtf16Safe((entry ?? "").replace(/\s+/g, " ").trim(), CHANNEL_METADATA_ENTRY_MAX_CHARS),
    )
    .filter(Boolean);
  const unique = [...new Set(lines)];
  if (unique.length === 0) return undefined;
  const text = truncateUtf16Safe(unique.join("\n"), params.maxChars ?? CHANNEL_METADATA_MAX_CHARS);
  return wrapExternalContent(`${params.label}:\n${text}`, { source: params.source });
}
