import {
  MAX_DATA_DEPTH,
  MAX_EVENTS,
  MAX_FUTURE_S,
  MAX_PLUGIN_ID_LENGTH,
  MAX_RAW_REF_LENGTH,
  MAX_VERSION_LENGTH,
  MILLISECONDS_HINT,
  MIN_EVENTS,
  MIN_TIMESTAMP_S,
} from "./limits.ts";
import { type Problem, Problems } from "./problem.ts";
import { PLATFORMS, SOURCE_TYPE_NAMES, type SourceType, sourceType } from "./source-types.ts";

export const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
/** Device ids reserved for trying things out; such entries are marked as tests. */
export const TEST_DEVICE = /^test-[a-z0-9-]{1,32}$/;
export const PLUGIN_ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;
export const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

export type EventData = Record<string, unknown>;

export interface CaptureEvent {
  /** Position in the request. */
  index: number;
  /** Unix seconds. */
  timestamp: number;
  data: EventData;
  /** Trimmed, 1 to 512 characters. */
  rawRef?: string;
}

/** A request that holds every rule of spec 5.2. */
export interface CaptureBatch {
  sourceType: SourceType;
  platform: string;
  /** Lower case. */
  deviceId: string;
  test: boolean;
  pluginId: string;
  pluginVersion: string;
  /** Unix seconds. */
  timestamp: number;
  events: CaptureEvent[];
  /** Events in the request, stored or not. */
  eventCount: number;
}

export interface RejectedEvent {
  index: number;
  errors: Problem[];
}

export type Validation =
  | { ok: true; batch: CaptureBatch; rejected: RejectedEvent[] }
  | { ok: false; problems: Problem[] };

export interface ValidationRules {
  /** Server clock at receipt, in milliseconds. */
  nowMs: number;
  /** Refuse the reserved `test-…` device ids. */
  strictDeviceId?: boolean;
  /** Set bad events aside instead of refusing the whole batch. */
  lenient?: boolean;
}

/** Checks a parsed body against every rule and reports all problems at once (spec 5.2). */
export function validateBatch(body: unknown, rules: ValidationRules): Validation {
  const problems = new Problems();
  if (!isObject(body)) {
    problems.add([], "object_type", "the body must be a JSON object");
    return { ok: false, problems: problems.list };
  }
  const check = new FieldChecks(problems, rules.nowMs / 1_000 + MAX_FUTURE_S);

  const typeName = check.choice(body, "source_type", SOURCE_TYPE_NAMES);
  const platform = check.choice(body, "platform", PLATFORMS);
  const deviceId = check.deviceId(body, rules.strictDeviceId === true);
  const pluginId = check.pattern(body, "plugin_id", PLUGIN_ID, MAX_PLUGIN_ID_LENGTH, "kebab-case");
  const version = check.pattern(body, "plugin_version", SEMVER, MAX_VERSION_LENGTH, "a semantic version");
  const timestamp = check.timestamp(body, []);
  const { events, rejected, count } = checkEvents(body, check, rules.lenient === true);

  if (problems.list.length > 0) return { ok: false, problems: problems.list };
  return {
    ok: true,
    rejected,
    batch: {
      sourceType: sourceType(typeName as string) as SourceType,
      platform: platform as string,
      deviceId: (deviceId as string).toLowerCase(),
      test: (deviceId as string).startsWith("test-"),
      pluginId: pluginId as string,
      pluginVersion: version as string,
      timestamp: timestamp as number,
      events,
      eventCount: count,
    },
  };
}

function checkEvents(body: EventData, check: FieldChecks, lenient: boolean) {
  const events: CaptureEvent[] = [];
  const rejected: RejectedEvent[] = [];
  const given = body["events"];
  if (given === undefined) check.problems.add(["events"], "missing", "events is required");
  else if (!Array.isArray(given)) check.problems.add(["events"], "list_type", "events must be a list");
  else if (given.length < MIN_EVENTS)
    check.problems.add(["events"], "too_short", `events must hold at least ${MIN_EVENTS} event`, {
      min_length: MIN_EVENTS,
    });
  else if (given.length > MAX_EVENTS)
    check.problems.add(
      ["events"],
      "too_long",
      `events may hold at most ${MAX_EVENTS} events; split the batch`,
      {
        max_length: MAX_EVENTS,
      },
    );
  else {
    for (let index = 0; index < given.length && !check.problems.full; index++) {
      const own = lenient ? check.with(new Problems()) : check;
      const before = own.problems.list.length;
      const event = checkEvent(given[index], index, own);
      if (own.problems.list.length === before) events.push(event as CaptureEvent);
      else if (lenient) rejected.push({ index, errors: own.problems.list });
    }
    return { events, rejected, count: given.length };
  }
  return { events, rejected, count: 0 };
}

function checkEvent(given: unknown, index: number, check: FieldChecks): CaptureEvent | undefined {
  if (!isObject(given)) {
    check.problems.add(["events", index], "object_type", "an event must be an object");
    return undefined;
  }
  const timestamp = check.timestamp(given, ["events", index]);
  const data = given["data"];
  if (data === undefined) check.problems.add(["events", index, "data"], "missing", "data is required");
  else if (!isObject(data))
    check.problems.add(["events", index, "data"], "object_type", "data must be an object");
  else if (deeperThan(data, MAX_DATA_DEPTH))
    check.problems.add(
      ["events", index, "data"],
      "nesting_too_deep",
      `data is nested deeper than ${MAX_DATA_DEPTH} levels`,
      { max_depth: MAX_DATA_DEPTH },
    );
  const rawRef = check.rawRef(given["raw_ref"], index);
  const event: CaptureEvent = { index, timestamp: timestamp ?? 0, data: data as EventData };
  if (rawRef !== undefined) event.rawRef = rawRef;
  return event;
}

/** The rules of single fields; each reports to `problems` and returns the value when it is good. */
class FieldChecks {
  readonly problems: Problems;
  readonly #latest: number;

  constructor(problems: Problems, latest: number) {
    this.problems = problems;
    this.#latest = latest;
  }

  with(problems: Problems): FieldChecks {
    return new FieldChecks(problems, this.#latest);
  }

  #string(body: EventData, field: string): string | undefined {
    const value = body[field];
    if (value === undefined) this.problems.add([field], "missing", `${field} is required`);
    else if (typeof value !== "string")
      this.problems.add([field], "string_type", `${field} must be a string`);
    else return value;
    return undefined;
  }

  choice(body: EventData, field: string, expected: readonly string[]): string | undefined {
    const value = this.#string(body, field);
    if (value === undefined || expected.includes(value)) return value;
    this.problems.add([field], "enum", `${field} must be one of: ${expected.join(", ")}`, { expected });
    return undefined;
  }

  deviceId(body: EventData, strict: boolean): string | undefined {
    const value = this.#string(body, "device_id");
    if (value === undefined || UUID_V4.test(value) || (!strict && TEST_DEVICE.test(value))) return value;
    this.problems.add(["device_id"], "uuid_version", "device_id must be a UUID version 4");
    return undefined;
  }

  pattern(
    body: EventData,
    field: string,
    pattern: RegExp,
    longest: number,
    what: string,
  ): string | undefined {
    const value = this.#string(body, field);
    if (value === undefined) return undefined;
    if (value.length > longest)
      this.problems.add([field], "string_too_long", `${field} may have at most ${longest} characters`, {
        max_length: longest,
      });
    else if (!pattern.test(value))
      this.problems.add([field], "string_pattern_mismatch", `${field} must be ${what}`, {
        pattern: pattern.source,
      });
    else return value;
    return undefined;
  }

  timestamp(holder: EventData, loc: (string | number)[]): number | undefined {
    const value = holder["timestamp"];
    const at = [...loc, "timestamp"];
    if (value === undefined) this.problems.add(at, "missing", "timestamp is required");
    else if (typeof value !== "number" || !Number.isFinite(value))
      this.problems.add(at, "float_type", "timestamp must be a finite number of Unix seconds");
    else if (value < MIN_TIMESTAMP_S)
      this.problems.add(at, "timestamp_too_early", "timestamp lies before 2020-01-01", {
        min: MIN_TIMESTAMP_S,
      });
    else if (value > this.#latest) {
      const hint = value > MILLISECONDS_HINT ? "; it looks like milliseconds, seconds are expected" : "";
      this.problems.add(at, "timestamp_too_late", `timestamp is more than 24 h in the future${hint}`, {
        max: this.#latest,
      });
    } else return value;
    return undefined;
  }

  rawRef(value: unknown, index: number): string | undefined {
    if (value === undefined || value === null) return undefined;
    const at = ["events", index, "raw_ref"];
    if (typeof value !== "string") {
      this.problems.add(at, "string_type", "raw_ref must be a string");
      return undefined;
    }
    const trimmed = value.trim();
    // Characters, not UTF-16 units: a client in another language counts that way.
    if (trimmed.length > MAX_RAW_REF_LENGTH && [...trimmed].length > MAX_RAW_REF_LENGTH) {
      this.problems.add(at, "string_too_long", `raw_ref may have at most ${MAX_RAW_REF_LENGTH} characters`, {
        max_length: MAX_RAW_REF_LENGTH,
      });
      return undefined;
    }
    return trimmed === "" ? undefined : trimmed;
  }
}

function isObject(value: unknown): value is EventData {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True when `value` nests deeper than `limit` levels; never recurses further than that. */
function deeperThan(value: object, limit: number): boolean {
  if (limit === 0) return true;
  for (const key in value) {
    const child = (value as Record<string, unknown>)[key];
    if (typeof child === "object" && child !== null && deeperThan(child, limit - 1)) return true;
  }
  return false;
}
