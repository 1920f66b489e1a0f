/** Reading text out of values of unknown shape. "Optional" gives `undefined` for blank text. */

export function normalizeOptionalString(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const trimmed = value.trim();
  return trimmed === "" ? undefined : trimmed;
}

export function normalizeNullableString(value: unknown): string | null {
  return normalizeOptionalString(value) ?? null;
}

export function normalizeOptionalLowercaseString(value: unknown): string | undefined {
  return normalizeOptionalString(value)?.toLowerCase();
}

export function normalizeLowercaseStringOrEmpty(value: unknown): string {
  return normalizeOptionalLowercaseString(value) ?? "";
}

/** Also takes numbers, bigints and booleans. */
export function normalizeStringifiedOptionalString(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return normalizeOptionalString(String(value));
  }
  return normalizeOptionalString(value);
}

/** An id that a platform sends as text or as a finite number. */
export function normalizeOptionalStringifiedId(value: unknown): string | undefined {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : undefined;
  return normalizeOptionalString(value);
}

export function normalizeBoundedOptionalString(value: unknown, maxLength: number): string | undefined {
  const text = normalizeOptionalString(value);
  return text !== undefined && text.length <= maxLength ? text : undefined;
}

export function readStringValue(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Text that is not blank, as it is. */
export function readNonBlankString(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

export function readNonEmptyStringPreservingWhitespace(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function readStringField(
  record: Record<string, unknown> | null | undefined,
  key: string,
): string | undefined {
  return readStringValue(record?.[key]);
}

export function hasNonEmptyString(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}

/** Every entry as trimmed text, blanks dropped. Numbers count as text. */
export function normalizeStringEntries(list?: ReadonlyArray<unknown> | null): string[] {
  return (list ?? []).map((entry) => String(entry ?? "").trim()).filter((entry) => entry !== "");
}

export function normalizeStringEntriesLower(list?: ReadonlyArray<unknown> | null): string[] {
  return normalizeStringEntries(list).map((entry) => entry.toLowerCase());
}

export function normalizeStringifiedEntries(list?: ReadonlyArray<unknown>): string[] {
  return (list ?? [])
    .map(normalizeStringifiedOptionalString)
    .filter((entry): entry is string => entry !== undefined);
}

export function normalizeUniqueStringEntries(values?: Iterable<unknown>): string[] {
  return uniqueStrings(normalizeStringEntries([...(values ?? [])]));
}

/** Only the text entries of an array, trimmed, blanks dropped. */
export function normalizeTrimmedStringList(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.map(normalizeOptionalString).filter((entry): entry is string => entry !== undefined);
}

export function normalizeUniqueTrimmedStringList(value: unknown): string[] {
  return uniqueStrings(normalizeTrimmedStringList(value));
}

export function normalizeOptionalTrimmedStringList(value: unknown): string[] | undefined {
  const list = normalizeTrimmedStringList(value);
  return list.length > 0 ? list : undefined;
}

/** One text or a list of texts. */
export function normalizeSingleOrTrimmedStringList(value: unknown): string[] {
  return Array.isArray(value) ? normalizeTrimmedStringList(value) : normalizeTrimmedStringList([value]);
}

export function filterStringEntries(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === "string") : [];
}

export function uniqueStrings(values: Iterable<string> | null | undefined): string[] {
  return [...new Set(values ?? [])];
}

export function uniqueValues<T>(values: Iterable<T>): T[] {
  return [...new Set(values)];
}

export function sortUniqueStrings(values: Iterable<string>): string[] {
  return uniqueStrings(values).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

const DEFAULT_SUMMARY_LIMIT = 6;

/** `a, b, c (+4)`. */
export function summarizeStringEntries(params: {
  entries?: ReadonlyArray<string> | null;
  limit?: number;
  emptyText?: string;
}): string {
  const entries = params.entries ?? [];
  if (entries.length === 0) return params.emptyText ?? "";
  const wanted = Number.isFinite(params.limit) ? Math.floor(params.limit as number) : DEFAULT_SUMMARY_LIMIT;
  const shown = entries.slice(0, Math.max(1, wanted));
  const hidden = entries.length - shown.length;
  return shown.join(", ") + (hidden > 0 ? ` (+${hidden})` : "");
}

/** `@Some Name` and `#some name` become `some-name`. */
export function normalizeAtHashSlug(raw?: string | null): string {
  return slug(raw)
    .replace(/^[@#]+/, "")
    .replace(/^-+|-+$/g, "");
}

export function normalizeHyphenSlug(raw?: string | null): string {
  return slug(raw).replace(/^-+|-+$/g, "");
}

function slug(raw?: string | null): string {
  return (raw ?? "")
    .trim()
    .toLowerCase()
    .replace(/\s+/g, "-")
    .replace(/[^\p{L}\p{N}#@._+-]+/gu, "-")
    .replace(/-{2,}/g, "-");
}
