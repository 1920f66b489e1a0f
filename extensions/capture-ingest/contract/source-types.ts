export type Sensitivity = "LOW" | "MEDIUM" | "HIGH" | "CRITICAL";

export const SENSITIVITIES: readonly Sensitivity[] = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];

export const PLATFORMS = ["macos", "windows", "linux", "ios", "android", "web"] as const;

/** What a kind of captured event means to the vault (spec 5.5). */
export interface SourceType {
  readonly name: string;
  /** Vault folder; types may share one. */
  readonly folder: string;
  readonly sensitivity: Sensitivity;
  /** Data fields in the order they are printed. */
  readonly fields: readonly string[];
  /** Fields named in the entry's heading. */
  readonly title: readonly string[];
  /** Fields that are never written, for privacy. */
  readonly dropped?: readonly string[];
  /** Must not leave this machine. */
  readonly localOnly?: boolean;
}

function type(
  name: string,
  folder: string,
  sensitivity: Sensitivity,
  fields: string,
  title = "",
  extra: Pick<SourceType, "dropped" | "localOnly"> = {},
): SourceType {
  const words = (text: string) => (text === "" ? [] : text.split(" "));
  return { name, folder, sensitivity, fields: words(fields), title: words(title), ...extra };
}

/** The fifteen source types. */
export const SOURCE_TYPES: readonly SourceType[] = [
  type("audio_system", "Audio", "MEDIUM", "text duration app_name confidence", "app_name"),
  type("audio_mic", "Audio", "HIGH", "text duration confidence"),
  type("screen_ocr", "Screen", "MEDIUM", "text app_name window_title url", "app_name window_title"),
  type("journal", "Journal", "LOW", "text duration"),
  type("web_browsing", "Web", "MEDIUM", "url title domain reading_time", "title"),
  type("music", "Music", "LOW", "track artist album duration", "artist track"),
  type("health", "Health", "HIGH", "steps heart_rate sleep_hours"),
  type("calendar", "Calendar", "LOW", "title start end attendees location", "title"),
  type("notes", "Notes", "LOW", "title text tags", "title"),
  type("gps", "Location", "MEDIUM", "lat lon accuracy place_name", "place_name"),
  type("photos", "Photos", "MEDIUM", "filename location timestamp", "filename"),
  type("email", "Email", "CRITICAL", "subject from to date", "subject", {
    dropped: ["body", "html", "text", "content", "snippet", "raw"],
  }),
  type("messaging", "Messages", "CRITICAL", "platform from preview", "platform from", { localOnly: true }),
  type("activity", "Activity", "LOW", "app_name duration category", "app_name"),
  type("braindump", "Braindump", "LOW", "text"),
];

const BY_NAME = new Map(SOURCE_TYPES.map((entry) => [entry.name, entry]));

export const SOURCE_TYPE_NAMES: readonly string[] = SOURCE_TYPES.map((entry) => entry.name);

export function sourceType(name: string): SourceType | undefined {
  return BY_NAME.get(name);
}

/** What a vault folder promises: the strictest of the types that share it. */
export interface FolderPolicy {
  readonly folder: string;
  readonly sensitivity: Sensitivity;
  readonly localOnly: boolean;
}

/** The higher of two sensitivities. */
export function higherSensitivity(a: Sensitivity, b: Sensitivity): Sensitivity {
  return SENSITIVITIES.indexOf(a) >= SENSITIVITIES.indexOf(b) ? a : b;
}

export const FOLDERS: ReadonlyMap<string, FolderPolicy> = new Map(
  SOURCE_TYPES.map(({ folder }) => {
    const sharing = SOURCE_TYPES.filter((entry) => entry.folder === folder);
    const sensitivity = sharing.map((entry) => entry.sensitivity).reduce(higherSensitivity);
    return [folder, { folder, sensitivity, localOnly: sharing.some((entry) => entry.localOnly === true) }];
  }),
);

/** True when a folder's text must stay away from remote models: `local_only`, or sensitivity CRITICAL. */
export function staysLocal(folder: string): boolean {
  const policy = FOLDERS.get(folder);
  return policy === undefined || policy.localOnly || policy.sensitivity === "CRITICAL";
}
