/** Time-zone rules change on quarter hours at the finest. */
const BUCKET_S = 900;
const DAY_MS = 86_400_000;
const MAX_BUCKETS = 4_096;

export interface LocalTime {
  /** `YYYY-MM-DD` */
  date: string;
  /** `HH:mm:ss` */
  time: string;
  /** ISO 8601 with milliseconds and offset. */
  iso: string;
}

/**
 * Wall-clock time in one IANA zone, daylight saving included. The offset of a quarter of an hour is asked
 * from the zone database once and kept.
 */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();
  /** The day asked for last; the events of a batch mostly share it. */
  #day = { number: Number.NaN, date: "" };

  /** @throws RangeError for an unknown zone */
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    this.name = name;
  }

  /** Local time of a moment given in Unix seconds. */
  at(seconds: number): LocalTime {
    const offset = this.#offsetSeconds(seconds);
    const localMs = Math.floor(seconds * 1_000) + offset * 1_000;
    const day = Math.floor(localMs / DAY_MS);
    if (day !== this.#day.number)
      this.#day = { number: day, date: new Date(day * DAY_MS).toISOString().slice(0, 10) };
    const { date } = this.#day;
    const ms = localMs - day * DAY_MS;
    const time = `${two(Math.floor(ms / 3_600_000))}:${two(Math.floor(ms / 60_000) % 60)}:${two(Math.floor(ms / 1_000) % 60)}`;
    const minutes = Math.floor(Math.abs(offset) / 60);
    const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
    return { date, time, iso: `${date}T${time}.${String(ms % 1_000).padStart(3, "0")}${zone}` };
  }

  #offsetSeconds(seconds: number): number {
    const bucket = Math.floor(seconds / BUCKET_S);
    const known = this.#offsets.get(bucket);
    if (known !== undefined) return known;
    const start = bucket * BUCKET_S;
    const parts: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(start * 1_000)) parts[type] = Number(value);
    const wall = Date.UTC(
      parts["year"] ?? 0,
      (parts["month"] ?? 1) - 1,
      parts["day"],
      parts["hour"],
      parts["minute"],
      parts["second"],
    );
    const offset = wall / 1_000 - start;
    if (this.#offsets.size >= MAX_BUCKETS) this.#offsets.clear();
    this.#offsets.set(bucket, offset);
    return offset;
  }
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** The host's own zone. */
export function hostZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
