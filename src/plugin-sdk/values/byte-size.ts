const UNITS = ["byte", "kilo", "mega", "giga", "tera"] as const;
export type ByteUnit = (typeof UNITS)[number];

const SYMBOLS: Readonly<Record<string, readonly string[]>> = {
  "legacy-binary": ["B", "KB", "MB", "GB", "TB"],
  binary: ["B", "KiB", "MiB", "GiB", "TiB"],
  iec: ["B", "KiB", "MiB", "GiB", "TiB"],
  decimal: ["B", "kB", "MB", "GB", "TB"],
  si: ["B", "kB", "MB", "GB", "TB"],
};
const DECIMAL = new Set(["decimal", "si"]);

export interface ByteSizeOptions {
  /** Steps of 1,024 (`legacy-binary`, the default: KB; `binary`, `iec`: KiB) or of 1,000 (`decimal`, `si`). */
  style?: string;
  /** Default `tera`. */
  maxUnit?: ByteUnit;
  /** Between number and unit; default a space. */
  separator?: string;
  /** Digits after the point; `null` writes the number as it is. Default: none for bytes, else one. */
  fractionDigits?: number | null | ((value: number, unit: ByteUnit) => number | null);
}

/** A number of bytes for people, in the largest unit of which it is at least one. */
export function formatByteSize(bytes: number, options: ByteSizeOptions = {}): string {
  const { style = "legacy-binary", maxUnit = "tera", separator = " ", fractionDigits } = options;
  const symbols = SYMBOLS[style] ?? (SYMBOLS["legacy-binary"] as readonly string[]);
  const step = DECIMAL.has(style) ? 1_000 : 1_024;
  const last = Math.max(0, UNITS.indexOf(maxUnit));
  let value = Number.isFinite(bytes) ? bytes : 0;
  let at = 0;
  while (Math.abs(value) >= step && at < last) {
    value /= step;
    at++;
  }
  const unit = UNITS[at] as ByteUnit;
  const stated = typeof fractionDigits === "function" ? fractionDigits(value, unit) : fractionDigits;
  const digits = stated === undefined ? (unit === "byte" ? null : 1) : stated;
  return `${digits === null ? String(value) : value.toFixed(digits)}${separator}${symbols[at]}`;
}
