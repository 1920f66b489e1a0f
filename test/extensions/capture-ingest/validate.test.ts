import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchSchema } from "../../../extensions/capture-ingest/contract/schemas.ts";
import { SOURCE_TYPES } from "../../../extensions/capture-ingest/contract/source-types.ts";
import { validateBatch } from "../../../extensions/capture-ingest/contract/validate.ts";
import { NOW, NOW_S, sampleBatch, sampleEvent } from "./support.ts";

const problems = (body: unknown, rules = {}) => {
  const result = validateBatch(body, { nowMs: NOW, ...rules });
  return result.ok ? [] : result.problems.map(({ loc, type }) => [loc.slice(1).join("."), type]);
};
const withEvent = (changes: Record<string, unknown>) => sampleBatch({ events: [sampleEvent(changes)] });

describe("validation of a batch", () => {
  it("[F229] accepts the documented request", () => {
    expect(problems(sampleBatch())).toEqual([]);
  });

  it.each([
    [[], "", "object_type"],
    [null, "", "object_type"],
    ["text", "", "object_type"],
    [sampleBatch({ source_type: undefined }), "source_type", "missing"],
    [sampleBatch({ source_type: 3 }), "source_type", "string_type"],
    [sampleBatch({ source_type: "Audio_System" }), "source_type", "enum"],
    [sampleBatch({ platform: "beos" }), "platform", "enum"],
    [sampleBatch({ platform: null }), "platform", "string_type"],
    [sampleBatch({ device_id: "550e8400-e29b-11d4-a716-446655440000" }), "device_id", "uuid_version"],
    [sampleBatch({ device_id: "test-UPPER" }), "device_id", "uuid_version"],
    [sampleBatch({ device_id: `test-${"a".repeat(33)}` }), "device_id", "uuid_version"],
    [sampleBatch({ plugin_id: "Not-Kebab" }), "plugin_id", "string_pattern_mismatch"],
    [sampleBatch({ plugin_id: "" }), "plugin_id", "string_pattern_mismatch"],
    [sampleBatch({ plugin_id: "a-" }), "plugin_id", "string_pattern_mismatch"],
    [sampleBatch({ plugin_id: "a".repeat(65) }), "plugin_id", "string_too_long"],
    [sampleBatch({ plugin_version: "1.0" }), "plugin_version", "string_pattern_mismatch"],
    [sampleBatch({ plugin_version: "01.0.0" }), "plugin_version", "string_pattern_mismatch"],
    [sampleBatch({ plugin_version: `1.0.0-${"a".repeat(123)}` }), "plugin_version", "string_too_long"],
    [sampleBatch({ timestamp: "1708258800" }), "timestamp", "float_type"],
    [sampleBatch({ timestamp: true }), "timestamp", "float_type"],
    [sampleBatch({ timestamp: Number.POSITIVE_INFINITY }), "timestamp", "float_type"],
    [sampleBatch({ timestamp: 1_577_836_799.999 }), "timestamp", "timestamp_too_early"],
    [sampleBatch({ timestamp: NOW_S + 86_401 }), "timestamp", "timestamp_too_late"],
    [sampleBatch({ events: undefined }), "events", "missing"],
    [sampleBatch({ events: {} }), "events", "list_type"],
    [sampleBatch({ events: [] }), "events", "too_short"],
    [sampleBatch({ events: Array(501).fill(sampleEvent()) }), "events", "too_long"],
    [sampleBatch({ events: [7] }), "events.0", "object_type"],
    [withEvent({ timestamp: undefined }), "events.0.timestamp", "missing"],
    [withEvent({ timestamp: 1 }), "events.0.timestamp", "timestamp_too_early"],
    [withEvent({ data: undefined }), "events.0.data", "missing"],
    [withEvent({ data: [] }), "events.0.data", "object_type"],
    [withEvent({ data: nested(33) }), "events.0.data", "nesting_too_deep"],
    [withEvent({ raw_ref: 5 }), "events.0.raw_ref", "string_type"],
    [withEvent({ raw_ref: "r".repeat(513) }), "events.0.raw_ref", "string_too_long"],
  ])("[F229] refuses %j", (body, at, type) => {
    expect(problems(body)).toEqual([[at, type]]);
  });

  it("[F235] includes both ends of the timestamp window", () => {
    expect(problems(sampleBatch({ timestamp: 1_577_836_800 }))).toEqual([]);
    expect(problems(sampleBatch({ timestamp: NOW_S + 86_400 }))).toEqual([]);
  });

  it("says that a timestamp looks like milliseconds", () => {
    const result = validateBatch(sampleBatch({ timestamp: NOW }), { nowMs: NOW });
    expect(!result.ok && result.problems[0]?.msg).toContain("milliseconds");
  });

  it("[F234] accepts 1 and 500 events", () => {
    expect(problems(sampleBatch({ events: Array(500).fill(sampleEvent()) }))).toEqual([]);
  });

  it("accepts nesting of 32 levels, pre-release versions, 64 and 128 characters, upper-case UUIDs", () => {
    expect(problems(withEvent({ data: nested(32) }))).toEqual([]);
    expect(problems(sampleBatch({ plugin_version: "1.0.0-beta.1+build" }))).toEqual([]);
    expect(problems(sampleBatch({ plugin_id: "a".repeat(64) }))).toEqual([]);
    expect(problems(sampleBatch({ plugin_version: `1.0.0-${"a".repeat(122)}` }))).toEqual([]);
    expect(problems(sampleBatch({ device_id: "550E8400-E29B-41D4-A716-446655440000" }))).toEqual([]);
  });

  it("takes an empty or blank reference for none and trims the others", () => {
    const refs = ["  ", "", null, undefined, " a "].map((raw_ref) => sampleEvent({ raw_ref }));
    const result = validateBatch(sampleBatch({ events: refs }), { nowMs: NOW });
    expect(result.ok && result.batch.events.map((event) => event.rawRef)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      "a",
    ]);
  });

  it("counts a reference's characters, not its UTF-16 units", () => {
    expect(problems(withEvent({ raw_ref: "😀".repeat(512) }))).toEqual([]);
    expect(problems(withEvent({ raw_ref: "😀".repeat(513) }))).toHaveLength(1);
  });

  it("reports every problem in document order", () => {
    const body = sampleBatch({
      platform: "beos",
      timestamp: 1,
      events: [sampleEvent(), sampleEvent({ data: 1, timestamp: "x" })],
    });
    expect(problems(body).map(([at]) => at)).toEqual([
      "platform",
      "timestamp",
      "events.1.timestamp",
      "events.1.data",
    ]);
  });

  it("lists at most 50 problems", () => {
    expect(problems(sampleBatch({ events: Array(500).fill(1) }))).toHaveLength(50);
  });

  it("[F243] accepts the reserved test device unless the operator is strict", () => {
    expect(problems(sampleBatch({ device_id: "test-001" }))).toEqual([]);
    expect(problems(sampleBatch({ device_id: "test-001" }), { strictDeviceId: true })).toEqual([
      ["device_id", "uuid_version"],
    ]);
  });

  it("[F236] sets bad events aside in lenient mode, but not bad batches", () => {
    const body = sampleBatch({ events: [sampleEvent(), 1, sampleEvent({ timestamp: 0 })] });
    const result = validateBatch(body, { nowMs: NOW, lenient: true });
    expect(result.ok && result.rejected.map((event) => event.index)).toEqual([1, 2]);
    expect(result.ok && result.batch.events.map((event) => event.index)).toEqual([0]);
    expect(problems({ ...body, platform: "beos" }, { lenient: true })).toHaveLength(1);
  });

  it("never repeats a refused value", () => {
    const secret = "s3cret-value";
    const body = sampleBatch({ device_id: secret, plugin_id: `${secret} `, platform: secret });
    expect(JSON.stringify(validateBatch(body, { nowMs: NOW }))).not.toContain(secret);
  });

  it("[F232] knows fifteen source types in their folders", () => {
    expect(SOURCE_TYPES.map((type) => `${type.name} ${type.folder} ${type.sensitivity}`)).toEqual([
      "audio_system Audio MEDIUM",
      "audio_mic Audio HIGH",
      "screen_ocr Screen MEDIUM",
      "journal Journal LOW",
      "web_browsing Web MEDIUM",
      "music Music LOW",
      "health Health HIGH",
      "calendar Calendar LOW",
      "notes Notes LOW",
      "gps Location MEDIUM",
      "photos Photos MEDIUM",
      "email Email CRITICAL",
      "messaging Messages CRITICAL",
      "activity Activity LOW",
      "braindump Braindump LOW",
    ]);
  });

  it("agrees with the published JSON Schema", () => {
    const agrees = new Ajv2020({ allowUnionTypes: true, strict: false }).compile(batchSchema);
    const field = fc.oneof(
      fc.string(),
      // A schema cannot say "now": the upper end of the window is tested by itself.
      fc.integer({ max: NOW_S }),
      fc.constant(null),
      fc.constant(undefined),
    );
    const good = sampleBatch();
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(good), "none"), field, (name, value) => {
        const body = JSON.parse(JSON.stringify({ ...good, [name]: value }));
        expect(problems(body).length === 0).toBe(agrees(body));
      }),
      { numRuns: 300 },
    );
  });
});

function nested(levels: number): Record<string, unknown> {
  let value: Record<string, unknown> = {};
  for (let level = 1; level < levels; level++) value = { a: value };
  return value;
}
