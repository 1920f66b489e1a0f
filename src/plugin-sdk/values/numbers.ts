/** Reading numbers, durations and instants out of values of unknown shape. */

/** Node's timers hold a signed 32-bit number of milliseconds. */
export const MAX_TIMER_TIMEOUT_MS = 2_147_483_647;
/** The largest instant a `Date` can hold. */
export const MAX_DATE_TIMESTAMP_MS = 8_640_000_000_000_000;

interface Range {
  min?: number;
  max?: number;
}

export function asFiniteNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function asPositiveFiniteNumber(value: unknown): number | undefined {
  const number = asFiniteNumber(value);
  return number !== undefined && number > 0 ? number : undefined;
}

export function asFiniteNumberInRange(
  value: unknown,
  range: Range & { minExclusive?: boolean; maxExclusive?: boolean },
): number | undefined {
  const number = asFiniteNumber(value);
  if (number === undefined) return undefined;
  if (range.min !== undefined && (range.minExclusive ? number <= range.min : number < range.min))
    return undefined;
  if (range.max !== undefined && (range.maxExclusive ? number >= range.max : number > range.max))
    return undefined;
  return number;
}

export function asSafeIntegerInRange(value: unknown, range: Range): number | undefined {
  return Number.isSafeInteger(value) ? asFiniteNumberInRange(value, range) : undefined;
}

export function asPositiveSafeInteger(value: unknown): number | undefined {
  return asSafeIntegerInRange(value, { min: 1 });
}

/** A number, or text that is a decimal number and nothing else. */
export function parseStrictFiniteNumber(value: unknown): number | undefined {
  if (typeof value === "number") return asFiniteNumber(value);
  if (typeof value !== "string" || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value.trim()))
    return undefined;
  return asFiniteNumber(Number(value.trim()));
}

export const parseFiniteNumber = parseStrictFiniteNumber;

export function parseStrictInteger(value: unknown): number | undefined {
  if (typeof value === "string" && !/^[+-]?\d+$/.test(value.trim())) return undefined;
  const number = parseStrictFiniteNumber(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

export function parseStrictPositiveInteger(value: unknown): number | undefined {
  return asSafeIntegerInRange(parseStrictInteger(value), { min: 1 });
}

const MAX_TCP_PORT = 65_535;

/** A port that one can listen at or connect to, from a number or its text. */
export function parseTcpPort(value: unknown): number | undefined {
  const port = parseStrictPositiveInteger(value);
  return port !== undefined && port <= MAX_TCP_PORT ? port : undefined;
}

export function parseStrictNonNegativeInteger(value: unknown): number | undefined {
  return asSafeIntegerInRange(parseStrictInteger(value), { min: 0 });
}

export function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}

/** An integer option as text or number, `fallback` when absent or unusable, clamped to the range. */
export function resolveIntegerOption(value: unknown, fallback: number, range: Range = {}): number {
  return resolveOptionalIntegerOption(value, range) ?? fallback;
}

export function resolveOptionalIntegerOption(value: unknown, range: Range = {}): number | undefined {
  const number = parseStrictFiniteNumber(value);
  if (number === undefined) return undefined;
  return clamp(
    Math.trunc(number),
    range.min ?? Number.MIN_SAFE_INTEGER,
    range.max ?? Number.MAX_SAFE_INTEGER,
  );
}

/** How many messages of history a prompt takes: the first configured number, else the fallback; never negative. */
export function resolvePromptHistoryLimit(value: unknown, fallback = 0): number {
  return Math.max(0, Math.trunc(asFiniteNumber(value) ?? fallback));
}

export function clampTimerTimeoutMs(value: unknown): number | undefined {
  const number = asFiniteNumber(value);
  return number === undefined ? undefined : clamp(Math.floor(number), 1, MAX_TIMER_TIMEOUT_MS);
}

/** A timeout that `setTimeout` can hold; `fallbackMs` when the value is no positive number. */
export function resolveTimerTimeoutMs(value: unknown, fallbackMs: number, minMs = 1): number {
  const number = asFiniteNumber(value);
  const wanted = number !== undefined && number > 0 ? number : fallbackMs;
  return clamp(Math.floor(wanted), minMs, MAX_TIMER_TIMEOUT_MS);
}

export function resolvePositiveTimerTimeoutMs(value: unknown, fallbackMs: number): number {
  return resolveTimerTimeoutMs(value, fallbackMs);
}

export function addTimerTimeoutGraceMs(timeoutMs: number, graceMs = 0): number {
  return clamp(Math.floor(timeoutMs + graceMs), 1, MAX_TIMER_TIMEOUT_MS);
}

export const addSafeTimeoutDelayGraceMs = addTimerTimeoutGraceMs;

export function finiteSecondsToTimerSafeMilliseconds(seconds: unknown): number | undefined {
  const number = asFiniteNumber(seconds);
  return number === undefined || number <= 0 ? undefined : clampTimerTimeoutMs(number * 1_000);
}

export function asDateTimestampMs(value: unknown): number | undefined {
  return asFiniteNumberInRange(value, { min: -MAX_DATE_TIMESTAMP_MS, max: MAX_DATE_TIMESTAMP_MS });
}

export function resolveDateTimestampMs(value: unknown, fallback = Date.now()): number {
  return asDateTimestampMs(value) ?? fallback;
}

export function isFutureDateTimestampMs(value: unknown, options: { nowMs?: number } = {}): boolean {
  const instant = asDateTimestampMs(value);
  return instant !== undefined && instant > (options.nowMs ?? Date.now());
}

export function parseDateStringTimestampMs(value: unknown): number | undefined {
  return typeof value === "string" && value.trim() !== "" ? asDateTimestampMs(Date.parse(value)) : undefined;
}

export function timestampMsToIsoString(value: unknown): string | undefined {
  const instant = asDateTimestampMs(value);
  return instant === undefined ? undefined : new Date(instant).toISOString();
}

export function resolveTimestampMsToIsoString(value: unknown, fallbackMs = Date.now()): string {
  return new Date(resolveDateTimestampMs(value, fallbackMs)).toISOString();
}

/** When something that lives `durationMs` from now ends; `undefined` when that is no instant. */
export function resolveExpiresAtMsFromDurationMs(
  durationMs: unknown,
  options: { nowMs?: number; bufferMs?: number } = {},
): number | undefined {
  const duration = asFiniteNumber(durationMs);
  const now = asDateTimestampMs(options.nowMs ?? Date.now());
  if (duration === undefined || duration <= 0 || now === undefined) return undefined;
  return asDateTimestampMs(now + duration - (options.bufferMs ?? 0));
}

export function resolveExpiresAtMsFromDurationSeconds(
  seconds: unknown,
  options: { nowMs?: number; bufferMs?: number } = {},
): number | undefined {
  const number = parseStrictFiniteNumber(seconds);
  return number === undefined ? undefined : resolveExpiresAtMsFromDurationMs(number * 1_000, options);
}

export function resolveExpiresAtMsFromEpochSeconds(
  seconds: unknown,
  options: { bufferMs?: number } = {},
): number | undefined {
  const number = parseStrictFiniteNumber(seconds);
  return number === undefined ? undefined : asDateTimestampMs(number * 1_000 - (options.bufferMs ?? 0));
}

const TRUE_WORDS = ["true", "1", "yes", "on"];
const FALSE_WORDS = ["false", "0", "no", "off"];

export function asBoolean(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

export function parseBooleanValue(
  value: unknown,
  options: { truthy?: readonly string[]; falsy?: readonly string[] } = {},
): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") return undefined;
  const word = value.trim().toLowerCase();
  if ((options.truthy ?? TRUE_WORDS).includes(word)) return true;
  return (options.falsy ?? FALSE_WORDS).includes(word) ? false : undefined;
}

export function isTruthyEnvValue(value?: string): boolean {
  return parseBooleanValue(value) === true;
}
